"""What the server issues: ID tokens, access tokens as text or JWT, claims of a user."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reference_server.guarding import behaviour
from reference_server.keys import base64url
from reference_server.store import Grant, Token

if TYPE_CHECKING:
    from reference_server.server import Server

REFRESH_LIFETIME = 30 * 24 * 3600  # seconds
ID_TOKEN_LIFETIME = 3600
# Which standard claims a scope asks for (OpenID Connect Core §5.4).
SCOPE_CLAIMS = {
    "profile": ("name", "family_name", "given_name", "nickname", "picture", "updated_at"),
    "email": ("email", "email_verified"),
}
SIGNATURE = behaviour("id_token.signature", "OIDCC-2-signed", "the signature fits the key set")
ISSUER = behaviour("id_token.issuer", "OIDCC-3.1.3.7-iss_exact", "iss is the issuer")
AUDIENCE = behaviour("id_token.audience", "OIDCC-2-aud", "aud is the client")
SUBJECT = behaviour("id_token.subject", "OIDCC-2-sub", "sub is there")
EXPIRY = behaviour("id_token.expiry", "OIDCC-2-exp", "exp is in the future")
ISSUED_AT = behaviour("id_token.issued_at", "OIDCC-2-iat", "iat is now")
NONCE = behaviour("id_token.nonce", "OIDCC-2-nonce", "nonce is that of the request")
AT_HASH = behaviour("id_token.at_hash", "OIDCC-3.1.3.6-at_hash", "at_hash fits the access token")
NAMESPACED = behaviour(
    "id_token.claims_namespaced",
    "AUTH0-Remarks-namespaced_custom_claims",
    "a custom claim without a namespace is left out",
)
CUSTOM = behaviour(
    "id_token.custom_claims",
    "AUTH0-Remarks-namespaced_custom_claims",
    "a namespaced custom claim is put in",
)
SAME_SUBJECT = behaviour(
    "id_token.same_subject", "OIDCC-12.2-sub_same", "a refresh keeps the subject"
)
BINDING = behaviour("access_token.cnf", "RFC9449-6.1-jkt", "a bound JWT names its key")


def new_token(server: Server, kind: str, grant: Grant, jkt: str, now: float) -> str:
    """Issue and remember a token of one kind; an access token for an API is a JWT (RFC 9068)."""
    lifetime = REFRESH_LIFETIME if kind == "refresh" else server.policy.access_token_lifetime
    value = server.random_text()
    if kind == "access" and grant.audience:
        value = _access_jwt(server, grant, jkt, now, now + lifetime)
    server.store.add_token(Token(value, kind, grant, jkt, now + lifetime))
    return value


def _access_jwt(server: Server, grant: Grant, jkt: str, now: float, expires_at: float) -> str:
    """RFC 9068 §2.2; the key's thumbprint by RFC 9449 §6.1."""
    claims: dict[str, Any] = {
        "iss": server.config.issuer,
        "sub": grant.sub,
        "aud": grant.audience,
        "client_id": grant.client_id,
        "exp": int(expires_at),
        "iat": int(now),
        "jti": server.random_text(),
        "scope": " ".join(grant.scope),
    }
    if jkt and server.behaves(BINDING):
        claims["cnf"] = {"jkt": jkt}
    return server.key.sign(claims, "at+jwt")


def id_token(
    server: Server, grant: Grant, access_token: str, now: float, *, refreshed: bool = False
) -> str:
    """OpenID Connect Core §2, §3.1.3.6; of a refresh §12.2."""
    behaves = server.behaves
    digest = hashlib.sha256(access_token.encode()).digest()
    if not behaves(AT_HASH):
        digest = digest[::-1]
    claims: dict[str, Any] = {
        "iss": server.config.issuer if behaves(ISSUER) else f"{server.config.issuer}/other",
        "sub": grant.sub if behaves(SAME_SUBJECT) or not refreshed else "somebody-else",
        "aud": grant.client_id if behaves(AUDIENCE) else "another-client",
        "exp": int(now) + (ID_TOKEN_LIFETIME if behaves(EXPIRY) else -ID_TOKEN_LIFETIME),
        "iat": int(now) - (0 if behaves(ISSUED_AT) else 24 * 3600),
        "auth_time": grant.auth_time,
        "at_hash": base64url(digest[: len(digest) // 2]),
    }
    if not behaves(SUBJECT):
        del claims["sub"]
    if grant.nonce and not refreshed and behaves(NONCE):
        claims["nonce"] = grant.nonce
    claims |= user_claims(server, grant)
    signed = server.key.sign(claims, "JWT")
    return signed if behaves(SIGNATURE) else _broken(signed)


def user_claims(server: Server, grant: Grant) -> dict[str, Any]:
    """What a grant lets the server tell of its user: by scope, and custom claims if namespaced."""
    user = server.config.subject(grant.sub)
    known = dict(user.claims) if user else {}
    standard = {name for names in SCOPE_CLAIMS.values() for name in names}
    asked = {name for scope in grant.scope for name in SCOPE_CLAIMS.get(scope, ())}
    told = {name: value for name, value in known.items() if name in asked}
    for name, value in known.items():
        if name in standard:
            continue
        if _namespaced(name):
            if server.behaves(CUSTOM):
                told[name] = value
        elif not server.behaves(NAMESPACED):
            told[name] = value
    return told


def _namespaced(name: str) -> bool:
    parts = urlsplit(name)
    return parts.scheme in {"https", "http"} and bool(parts.netloc)


def _broken(signed: str) -> str:
    head, _, signature = signed.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
