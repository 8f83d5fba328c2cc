"""Access tokens in JWT form: RFC 9068 §2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jwt

from conformance.checks.model import Surround, check
from conformance.play.transcript import Played, Transcript

REQUIRED = ("iss", "exp", "aud", "sub", "client_id", "iat", "jti")  # RFC 9068 §2.2


def _read(played: Played) -> tuple[dict[str, Any], dict[str, Any]] | None:
    encoded = played.received.get("access_token")
    if not isinstance(encoded, str) or encoded.count(".") != 2:  # noqa: PLR2004 - a compact JWS
        return None
    try:
        header = jwt.get_unverified_header(encoded)
        return header, jwt.decode(encoded, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None


@check("access-token-jwt-type")
def access_token_jwt_type(played: Played, _t: Transcript, _s: Surround) -> Iterator[str]:
    """A JWT access token says so in typ (RFC 9068 §2.1)."""
    read = _read(played)
    if read and str(read[0].get("typ", "")).lower() not in ("at+jwt", "application/at+jwt"):
        yield "typ of the access token is not at+jwt"


@check("access-token-jwt-claims")
def access_token_jwt_claims(played: Played, _t: Transcript, _s: Surround) -> Iterator[str]:
    """A JWT access token has the required claims (RFC 9068 §2.2)."""
    read = _read(played)
    if read:
        yield from (f"{name} is missing" for name in REQUIRED if name not in read[1])


@check("access-token-bound")
def access_token_bound(played: Played, transcript: Transcript, _s: Surround) -> Iterator[str]:
    """A JWT access token had with a proof carries the key's thumbprint (RFC 9449 §6.1)."""
    read = _read(played)
    if read is None:
        return
    confirmation = read[1].get("cnf")
    bound = confirmation.get("jkt") if isinstance(confirmation, dict) else None
    if bound != transcript.jkt:
        yield "cnf.jkt is not the thumbprint of the proof's key" if bound else "cnf.jkt is missing"


@check("access-token-for-resource")
def access_token_for_resource(
    played: Played, transcript: Transcript, _s: Surround
) -> Iterator[str]:
    """A JWT access token names the resource it was asked for in aud (RFC 8707 §2)."""
    read = _read(played)
    asked = transcript.recall("authorize.resource")
    if read is None or asked is None:
        return
    audience = read[1].get("aud")
    if asked not in (audience if isinstance(audience, list) else [audience]):
        yield "aud of the access token does not name the resource"
