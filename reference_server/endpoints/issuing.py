"""What the server issues: access tokens as text or JWT, refresh tokens, ID tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.claims import user_claims
from tokenspec.reference_server.keys import base64url
from tokenspec.reference_server.seams import Seam, seam
from tokenspec.reference_server.store import Grant, Token

ID_TOKEN_LIFETIME = 3600


@dataclass(frozen=True, slots=True)
class Issued:
    """What a token is issued for: the grant, and whether by a refresh; `jkt` empty if unbound."""

    core: Core
    grant: Grant
    refreshed: bool = False
    jkt: str = ""


@dataclass(frozen=True, slots=True)
class IdToken:
    """What an ID token is issued for, and with."""

    core: Core
    grant: Grant
    access_token: str
    refreshed: bool
    claims: Mapping[str, Any]


TOKEN_VALUE: Seam[str, str] = seam("token_value", "a new token; about its kind: access or refresh")
ACCESS_TOKEN: Seam[dict[str, Any], Issued] = seam(
    "access_token", "the claims of a JWT access token (RFC 9068 §2.2)"
)
ACCESS_TOKEN_HEADER: Seam[dict[str, Any], Issued] = seam(
    "access_token_header", "the header of a JWT access token, on top of alg and kid"
)
ID_TOKEN: Seam[dict[str, Any], IdToken] = seam("id_token", "the claims of an ID token")
ID_TOKEN_HEADER: Seam[dict[str, Any], IdToken] = seam(
    "id_token_header", "the header of an ID token, on top of alg and kid"
)
ID_TOKEN_SIGNED: Seam[str, IdToken] = seam("id_token_signed", "an ID token, signed")


def new_token(core: Core, kind: str, issued: Issued, now: float) -> str:
    """Issue and remember a token of one kind; an access token for an API is a JWT (RFC 9068).

    For no API it is text that says nothing, unless the policy has it otherwise.
    """
    policy = core.policy
    refreshing = kind == "refresh"
    lifetime = policy.refresh_token_lifetime if refreshing else policy.access_token_lifetime
    value = core.random_text()
    if kind == "access" and (issued.grant.audience or policy.jwt_access_tokens):
        value = _access_jwt(issued, now, now + lifetime)
    value = core.tell(TOKEN_VALUE, value, kind)
    core.store.add_token(Token(value, kind, issued.grant, issued.jkt, now + lifetime))
    return value


def _access_jwt(issued: Issued, now: float, expires_at: float) -> str:
    """RFC 9068 §2.2; the key's thumbprint by RFC 9449 §6.1."""
    core, grant = issued.core, issued.grant
    claims: dict[str, Any] = {
        "iss": core.config.issuer,
        "sub": grant.sub,
        "aud": grant.audience or core.config.issuer,  # RFC 9068 §3: a default resource
        "client_id": grant.client_id,
        "exp": int(expires_at),
        "iat": int(now),
        "jti": core.random_text(),
        "auth_time": grant.auth_time,
    }
    if grant.scope:
        claims["scope"] = " ".join(grant.scope)
    if issued.jkt:
        claims["cnf"] = {"jkt": issued.jkt}
    claims = core.tell(ACCESS_TOKEN, claims, issued)
    header = core.tell(ACCESS_TOKEN_HEADER, {"typ": "at+jwt"}, issued)
    return core.key.sign(claims, header)


def id_token(issued: Issued, access_token: str, now: float) -> str:
    """OpenID Connect Core §2, §3.1.3.6; of a refresh §12.2."""
    core, grant = issued.core, issued.grant
    claims: dict[str, Any] = {
        "iss": core.config.issuer,
        "sub": grant.sub,
        "aud": grant.client_id,
        "exp": int(now) + ID_TOKEN_LIFETIME,
        "iat": int(now),
        "auth_time": grant.auth_time,
        "at_hash": half_hash(access_token),
    }
    if grant.nonce and not issued.refreshed:
        claims["nonce"] = grant.nonce
    claims |= user_claims(core, grant)
    about = IdToken(core, grant, access_token, issued.refreshed, claims)
    claims = core.tell(ID_TOKEN, claims, about)
    about = IdToken(core, grant, access_token, issued.refreshed, claims)
    header = core.tell(ID_TOKEN_HEADER, {"typ": "JWT"}, about)
    return core.tell(ID_TOKEN_SIGNED, core.key.sign(claims, header), about)


def half_hash(access_token: str) -> str:
    """The left half of the token's SHA-256 digest (OpenID Connect Core §3.1.3.6)."""
    digest = hashlib.sha256(access_token.encode()).digest()
    return base64url(digest[: len(digest) // 2])
