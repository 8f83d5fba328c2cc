"""How a client shows who it is: RFC 6749 §2.3, RFC 7523 §2.2."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote, quote_plus

from tokenspec.conformance.errors import HarnessError
from tokenspec.conformance.oauth.keys import SigningKey, signing_key
from tokenspec.conformance.oauth.signed_jwt import Signers, make_jwt
from tokenspec.conformance.scenario.edits import OperatorContext
from tokenspec.conformance.scenario.model import ClientAuthChanges, JwtChanges
from tokenspec.conformance.scenario.operators import apply
from tokenspec.conformance.target.model import Client

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME = 120  # seconds
ESCAPED = re.compile("%[0-9A-F]{2}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client adds to a request."""

    parameters: tuple[tuple[str, str], ...] = ()
    authorization: str = field(default="", repr=False)  # the Authorization header, empty for none


@dataclass(frozen=True, slots=True)
class AssertionInputs:
    """What an assertion needs to know of the request it is for."""

    audience: str
    now: int  # seconds since the epoch
    jti: str
    other: Callable[[str], SigningKey]  # of an algorithm, a key the client never registered
    earlier: str = field(default="", repr=False)  # the assertion sent before, for one sent again
    client_id_beside: bool = False  # the request has a client_id as well (RFC 7521 §4.2)


def credentials(
    client: Client, changes: ClientAuthChanges, inputs: AssertionInputs, context: OperatorContext
) -> Credentials:
    """The credentials of `client`, in the way it is registered for unless changed."""
    secret = client.secret
    if changes.secret is not None:
        secret = "".join(str(value) for value in apply(changes.secret, (secret,), context))
    basic = _basic(client.client_id, secret, changes.encoding)
    match changes.method or client.auth:
        case "none" | "tls_client_auth" | "self_signed_tls_client_auth":  # RFC 8705 §2
            return Credentials((("client_id", client.client_id),))
        case "client_secret_basic":
            return Credentials((), basic)
        case "client_secret_post":
            return Credentials(_in_body(client.client_id, secret))
        case "both":
            return Credentials(_in_body(client.client_id, secret), basic)
        case _:
            return Credentials(_assertion(client, changes.assertion, inputs, context))


def _in_body(client_id: str, secret: str) -> tuple[tuple[str, str], ...]:
    return (("client_id", client_id), ("client_secret", secret))


def _basic(client_id: str, secret: str, encoding: str) -> str:
    """RFC 6749 §2.3.1: both parts are form-encoded before they are joined."""
    parts = [client_id, secret]
    if encoding != "raw":
        parts = [_lower_case(part) if encoding else quote_plus(part) for part in parts]
    return "Basic " + base64.b64encode(":".join(parts).encode()).decode()


def _lower_case(text: str) -> str:
    """The same in another spelling: `%2b` for a plus sign, `%20` for a space."""
    return ESCAPED.sub(lambda found: found[0].lower(), quote(text, safe=""))


def _assertion(
    client: Client, changes: JwtChanges | None, inputs: AssertionInputs, context: OperatorContext
) -> tuple[tuple[str, str], ...]:
    if client.private_key is None:
        raise HarnessError(f"client {client.client_id!r} has no private key")
    wanted = changes or JwtChanges()
    key = signing_key(client.private_key, wanted.alg or client.algorithm, client.key_id)
    claims = {
        "iss": client.client_id,
        "sub": client.client_id,
        "aud": inputs.audience,
        "jti": inputs.jti,
        "iat": inputs.now,
        "exp": inputs.now + ASSERTION_LIFETIME,
    }
    header = {"alg": key.algorithm, "typ": "JWT"} | ({"kid": key.key_id} if key.key_id else {})
    signers = Signers(key, partial(inputs.other, key.algorithm), client.secret)
    made = make_jwt(header, claims, wanted, signers, context)
    if wanted.reuse and inputs.earlier:
        made = inputs.earlier
    beside = (("client_id", client.client_id),) if inputs.client_id_beside else ()
    return (*beside, ("client_assertion_type", ASSERTION_TYPE), ("client_assertion", made))
