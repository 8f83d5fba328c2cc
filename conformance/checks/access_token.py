"""Access tokens: as bearer tokens (RFC 6750), and in JWT form (RFC 9068 §2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jwt

from tokenspec.conformance.checks.id_token import IdToken, read_jwt, verified
from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.play.transcript import Played, Transcript

BEARER_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
AN_HOUR = 3600  # seconds
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


@check("bearer-token-syntax", Subject.TOKENS)
def bearer_token_syntax(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A bearer token has the characters the Authorization header takes (RFC 6750 §2.1)."""
    token = played.received.get("access_token")
    bearer = str(played.received.get("token_type", "")).lower() == "bearer"
    if bearer and isinstance(token, str) and not BEARER_TOKEN.fullmatch(token):
        yield "the access token holds characters that a bearer token may not have"


@check("token-type-bearer", Subject.TOKENS)
def token_type_bearer(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`token_type` of a request without proof is Bearer (OpenID Connect Core §3.1.3.3)."""
    proven = bool(played.exchanges) and played.exchanges[-1].request.header("DPoP") is not None
    shown = played.received.get("token_type")
    if not proven and str(shown).lower() != "bearer":
        yield "token_type is not Bearer"


@check("expires-within-an-hour", Subject.TOKENS)
def expires_within_an_hour(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A bearer token lives for an hour at most (RFC 6750 §5.3)."""
    seconds = played.received.get("expires_in")
    bearer = str(played.received.get("token_type", "")).lower() == "bearer"
    if bearer and isinstance(seconds, int | float) and seconds > AN_HOUR:
        yield f"expires_in is {seconds:g}, more than {AN_HOUR}"


@check("access-token-jwt-type", Subject.JWT_ACCESS_TOKEN)
def access_token_jwt_type(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A JWT access token says so in typ (RFC 9068 §2.1)."""
    read = _read(played)
    if read and str(read[0].get("typ", "")).lower() not in ("at+jwt", "application/at+jwt"):
        yield "typ of the access token is not at+jwt"


@check("access-token-jwt-claims", Subject.JWT_ACCESS_TOKEN)
def access_token_jwt_claims(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A JWT access token has the required claims (RFC 9068 §2.2)."""
    read = _read(played)
    if read:
        yield from (f"{name} is missing" for name in REQUIRED if name not in read[1])


@check("access-token-jwt-signature", Subject.JWT_ACCESS_TOKEN)
def access_token_jwt_signature(
    played: Played, _t: Transcript, context: CheckContext
) -> Iterator[str]:
    """A JWT access token is signed with a key of the key set (RFC 9068 §2.1, §4)."""
    token = read_jwt(played.received.get("access_token"))
    if token is None:
        return
    if str(token.header.get("alg", "")).lower() in ("none", ""):
        yield "the access token is not signed"
    elif not verified(token, context.keys):
        yield "no key of the key set verifies the signature"


@check("access-token-jwt-scope", Subject.JWT_ACCESS_TOKEN)
def access_token_jwt_scope(played: Played, play: Transcript, _s: CheckContext) -> Iterator[str]:
    """A JWT access token tells the scope that was granted, as a text (RFC 9068 §2.2.3)."""
    token, scope = read_jwt(played.received.get("access_token")), played.received.get("scope")
    granted = scope if isinstance(scope, str) else play.recall("authorize.scope")
    if token is None or not granted:
        return
    told = token.claims.get("scope")
    if not isinstance(told, str):
        yield "scope is missing or no text"
    elif scope and set(told.split()) != set(str(granted).split()):
        yield "scope is not the scope that was granted"


@check("access-token-jwt-audience", Subject.JWT_ACCESS_TOKEN)
def access_token_jwt_audience(played: Played, play: Transcript, _s: CheckContext) -> Iterator[str]:
    """`aud` of a JWT access token holds the API that was asked for (RFC 9068 §3)."""
    token, asked = read_jwt(played.received.get("access_token")), play.recall("authorize.audience")
    if token and asked and asked not in _audience(token):
        yield "aud does not hold the API that was asked for"


@check("access-token-jwt-other-audience", Subject.JWT_ACCESS_TOKEN)
def access_token_jwt_other_audience(
    played: Played, play: Transcript, _s: CheckContext
) -> Iterator[str]:
    """Neither an earlier access token nor the ID token has the same aud (RFC 9068 §5)."""
    token, first = read_jwt(played.received.get("access_token")), play.step("token")
    for name in ("access_token", "id_token"):
        other = read_jwt(first.received.get(name)) if first else None
        if token and other and _audience(token) == _audience(other):
            yield f"aud is that of the first {name}"


@check("access-token-jwt-same-login", Subject.JWT_ACCESS_TOKEN)
def access_token_jwt_same_login(
    played: Played, play: Transcript, _s: CheckContext
) -> Iterator[str]:
    """auth_time, acr and amr are those of the first access token (RFC 9068 §2.2.1)."""
    token, first = read_jwt(played.received.get("access_token")), play.step("token")
    original = read_jwt(first.received.get("access_token")) if first else None
    for name in ("auth_time", "acr", "amr"):
        if token and original and token.claims.get(name) != original.claims.get(name):
            yield f"{name} differs from that of the first access token"


def _audience(token: IdToken) -> set[str]:
    value = token.claims.get("aud")
    return set(map(str, value)) if isinstance(value, list) else {str(value)}


@check("access-token-bound", Subject.JWT_ACCESS_TOKEN)
def access_token_bound(played: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """A JWT access token had with a proof carries the key's thumbprint (RFC 9449 §6.1)."""
    read = _read(played)
    if read is None:
        return
    confirmation = read[1].get("cnf")
    bound = confirmation.get("jkt") if isinstance(confirmation, dict) else None
    if bound != transcript.jkt:
        yield "cnf.jkt is not the thumbprint of the proof's key" if bound else "cnf.jkt is missing"


@check("access-token-unbound", Subject.TOKENS)
def access_token_unbound(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A token that is announced as Bearer names no key, where it can be read (RFC 9449 §5)."""
    if str(played.received.get("token_type")).lower() == "dpop":
        yield "token_type is DPoP"
    read = _read(played)
    confirmation = read[1].get("cnf") if read else None
    if isinstance(confirmation, dict) and "jkt" in confirmation:
        yield "the token has cnf.jkt"


@check("access-token-for-resource", Subject.JWT_ACCESS_TOKEN)
def access_token_for_resource(
    played: Played, transcript: Transcript, _s: CheckContext
) -> Iterator[str]:
    """A JWT access token names the resource it was asked for in aud (RFC 8707 §2)."""
    read = _read(played)
    asked = transcript.recall("authorize.resource")
    if read is None or asked is None:
        return
    audience = read[1].get("aud")
    if asked not in (audience if isinstance(audience, list) else [audience]):
        yield "aud of the access token does not name the resource"


@check("access-token-jwt-other-jti", Subject.JWT_ACCESS_TOKEN)
def access_token_jwt_other_jti(
    played: Played, transcript: Transcript, _s: CheckContext
) -> Iterator[str]:
    """Another access token has another `jti`, if it has one (RFC 7519 §4.1.7)."""
    first = transcript.step("token")
    if first is None or first.received.get("access_token") == played.received.get("access_token"):
        return
    read, before = _read(played), _read(first)
    if read and before and "jti" in read[1] and read[1]["jti"] == before[1].get("jti"):
        yield "jti is that of the first access token"
