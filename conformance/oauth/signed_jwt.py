"""Signed JWTs that may differ from a valid one in every part, so that a server's checks show."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tokenspec.conformance.errors import HarnessError
from tokenspec.conformance.oauth.keys import SigningKey, base64url, base64url_decode
from tokenspec.conformance.scenario.edits import OperatorContext
from tokenspec.conformance.scenario.model import Change, JwtChanges
from tokenspec.conformance.scenario.operators import apply


@dataclass(frozen=True, slots=True)
class Signers:
    """What a JWT may be signed with: the right key, another (made when needed), and a secret."""

    right: SigningKey
    other: Callable[[], SigningKey]
    secret: str = ""


def change_members(
    valid: Mapping[str, Any], changes: Mapping[str, Change], context: OperatorContext
) -> dict[str, Any]:
    """`valid` with each change applied; an operator that gives nothing leaves the member out."""
    changed = dict(valid)
    for name, change in changes.items():
        before = (changed[name],) if name in changed else ()
        after = apply(change, before, context)
        changed.pop(name, None)
        if after:
            changed[name] = after[-1]
    return changed


def make_jwt(
    header: Mapping[str, Any],
    claims: Mapping[str, Any],
    changes: JwtChanges,
    signers: Signers,
    context: OperatorContext,
) -> str:
    """A compact JWS (RFC 7515 §7.1) of the header and claims, both as changed.

    Raises:
        HarnessError: a change does not fit what it stands on.
    """
    changed = change_members(header, changes.header, context)
    parts = (
        (changed, changes.header_text),
        (change_members(claims, changes.claims, context), changes.claims_text),
    )
    signing_input = ".".join(base64url(_text(part, change, context)) for part, change in parts)
    signature = base64url(_signature(signing_input.encode(), changes.sign_with, signers, changed))
    if changes.signature is not None:
        signature = "".join(str(text) for text in apply(changes.signature, (signature,), context))
    return f"{signing_input}.{signature}"


def _text(part: Mapping[str, Any], change: Change | None, context: OperatorContext) -> bytes:
    text = json.dumps(part, separators=(",", ":"))
    if change is not None:
        text = "".join(str(value) for value in apply(change, (text,), context))
    return text.encode()


def _signature(
    message: bytes, sign_with: str, signers: Signers, header: Mapping[str, Any]
) -> bytes:
    match sign_with:
        case "":
            return signers.right.sign(message)
        case "other-key":
            return signers.other().sign(message)
        case "public-key-as-secret":
            return hmac.digest(signers.right.public_pem, message, hashlib.sha256)
        case "key-in-header":
            return hmac.digest(_shared(header), message, hashlib.sha256)
        case "client-secret":
            return hmac.digest(signers.secret.encode(), message, hashlib.sha256)
        case "nothing":
            return b""
        case _:
            raise HarnessError(f"sign_with {sign_with!r} is not known")


def _shared(header: Mapping[str, Any]) -> bytes:
    """The octets of the symmetric key in a header (RFC 7518 §6.4.1)."""
    jwk = header.get("jwk")
    if not isinstance(jwk, dict) or "k" not in jwk:
        raise HarnessError("sign_with key-in-header needs a jwk with k in the header")
    return base64url_decode(str(jwk["k"]))
