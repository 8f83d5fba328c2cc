"""What the server issues: ID tokens, access tokens as text or JWT, claims of a user."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jwt

from tokenspec.reference_server.guarding import behaviour
from tokenspec.reference_server.keys import base64url
from tokenspec.reference_server.store import Grant, Token

if TYPE_CHECKING:
    from tokenspec.reference_server.server import Server

ID_TOKEN_LIFETIME = 3600
UPDATED_AT = "2026-01-31T12:00:00.000Z"  # as a text, where OpenID Connect Core §5.1 has a number
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
SAME_ISSUER = behaviour("id_token.same_issuer", "OIDCC-12.2-iss_same", "a refresh keeps the issuer")
SAME_AUDIENCE = behaviour(
    "id_token.same_audience", "OIDCC-12.2-aud_same", "a refresh keeps the audience"
)
DATED_ANEW = behaviour("id_token.dated_anew", "OIDCC-12.2-iat_new", "a refresh sets iat anew")
FIRST_LOGIN = behaviour(
    "id_token.first_login",
    "OIDCC-12.2-auth_time_original",
    "a refresh keeps the time of the login",
)
NO_NEW_NONCE = behaviour(
    "id_token.no_other_nonce",
    "OIDCC-12.2-nonce_same_if_present",
    "a refresh brings no nonce of its own",
)
AUTH_TIME = behaviour(
    "id_token.auth_time", "OIDCC-2-auth_time_when_max_age", "auth_time is the time of the login"
)
NOT_UNSIGNED = behaviour("id_token.alg_not_none", "OIDCC-2-alg_none", "alg is not none")
BINDING = behaviour("access_token.cnf", "RFC9449-6.1-jkt", "a bound JWT names its key")
JWT_TYPE = behaviour("access_token.typ", "RFC9068-2.1-typ_at_jwt", "a JWT access token says at+jwt")
JWT_CLAIMS = {
    name: behaviour(f"access_token.{name}", f"RFC9068-2.2-claim_{name}", f"it has the claim {name}")
    for name in ("iss", "sub", "aud", "exp", "iat", "jti", "client_id")
}
SYNTAX = {
    "access": behaviour(
        "access_token.syntax", "RFC6749-A.12-access_token_syntax", "it is printable ASCII"
    ),
    "refresh": behaviour(
        "refresh_token.syntax", "RFC6749-A.17-refresh_token_syntax", "it is printable ASCII"
    ),
}
JWT_SCOPE = behaviour(
    "access_token.scope", "RFC9068-2.2.3-scope_claim", "it has the scope that was granted"
)


@dataclass(frozen=True, slots=True)
class About:
    """What a token is issued for, for whoever tells it wrongly."""

    server: Server
    grant: Grant
    refreshed: bool = False


def new_token(server: Server, kind: str, grant: Grant, jkt: str, now: float) -> str:
    """Issue and remember a token of one kind; an access token for an API is a JWT (RFC 9068)."""
    policy = server.policy
    refreshing = kind == "refresh"
    lifetime = policy.refresh_token_lifetime if refreshing else policy.access_token_lifetime
    value = server.random_text()
    if kind == "access" and grant.audience:
        value = _access_jwt(server, grant, jkt, now, now + lifetime)
    if not server.behaves(SYNTAX[kind]):
        value = f"t\u00f6ken-{value}"
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
        "auth_time": grant.auth_time,
    }
    claims = {n: value for n, value in claims.items() if server.behaves(JWT_CLAIMS.get(n, ""))}
    own_profile = server.dialect.has("access_token_profile")
    if own_profile:
        claims = {n: value for n, value in claims.items() if n not in ("client_id", "jti")}
        claims["azp"] = grant.client_id
    if grant.scope and server.behaves(JWT_SCOPE):
        claims["scope"] = " ".join(grant.scope)
    if jkt and server.behaves(BINDING):
        claims["cnf"] = {"jkt": jkt}
    claims = server.told("access_token", claims, About(server, grant))
    header = {"typ": "at+jwt" if server.behaves(JWT_TYPE) and not own_profile else "JWT"}
    return server.key.sign(claims, server.told("access_token_header", header))


def id_token(
    server: Server, grant: Grant, access_token: str, now: float, *, refreshed: bool = False
) -> str:
    """OpenID Connect Core §2, §3.1.3.6; of a refresh §12.2."""
    behaves = server.behaves
    issued = int(now) - (0 if behaves(ISSUED_AT) else 24 * 3600)
    digest = hashlib.sha256(access_token.encode()).digest()
    if not behaves(AT_HASH):
        digest = digest[::-1]
    claims: dict[str, Any] = {
        "iss": server.config.issuer if behaves(ISSUER) else f"{server.config.issuer}/other",
        "sub": grant.sub if behaves(SAME_SUBJECT) or not refreshed else "somebody-else",
        "aud": grant.client_id if behaves(AUDIENCE) else "another-client",
        "exp": int(now) + (ID_TOKEN_LIFETIME if behaves(EXPIRY) else -ID_TOKEN_LIFETIME),
        "iat": issued,
        "auth_time": grant.auth_time,
        "at_hash": base64url(digest[: len(digest) // 2]),
    }
    if not behaves(SUBJECT):
        del claims["sub"]
    if not behaves(AUTH_TIME):
        del claims["auth_time"]
    if grant.nonce and not refreshed and behaves(NONCE):
        claims["nonce"] = grant.nonce
    claims |= user_claims(server, grant)
    if refreshed:
        claims |= _wrong_after_refresh(server, grant, issued)
    about = About(server, grant, refreshed)
    claims = server.told("id_token", claims, about)
    shared_key = server.told("id_token_shared_key", {}, about).get("key")
    if shared_key is not None:
        return jwt.encode(claims, shared_key, "HS256")
    if not behaves(NOT_UNSIGNED):
        return jwt.encode(claims, "", "none")
    signed = server.key.sign(claims, server.told("id_token_header", {"typ": "JWT"}))
    return signed if behaves(SIGNATURE) else _broken(signed)


def _wrong_after_refresh(server: Server, grant: Grant, issued: int) -> dict[str, Any]:
    """The claims that a defect alters in the ID token of a refresh; none at the good server."""
    wrong: dict[str, tuple[str, Any]] = {
        SAME_ISSUER: ("iss", f"{server.config.issuer}/other"),
        SAME_AUDIENCE: ("aud", "another-client"),
        DATED_ANEW: ("iat", grant.auth_time - 24 * 3600),
        FIRST_LOGIN: ("auth_time", issued + 1),
        NO_NEW_NONCE: ("nonce", "of-the-server"),
    }
    return dict(claim for name, claim in wrong.items() if not server.behaves(name))


def user_claims(server: Server, grant: Grant) -> dict[str, Any]:
    """What a grant lets the server tell of its user: by scope, and custom claims if namespaced."""
    user = server.config.subject(grant.sub)
    known = dict(user.claims) if user else {}
    standard = {name for names in SCOPE_CLAIMS.values() for name in names}
    asked = {name for scope in grant.scope for name in SCOPE_CLAIMS.get(scope, ())}
    asked |= set(grant.claims) & standard
    told = {name: value for name, value in known.items() if name in asked}
    if "updated_at" in asked and server.dialect.has("updated_at_text"):
        told["updated_at"] = UPDATED_AT
    for name, value in known.items():
        if name in standard:
            continue
        if _namespaced(name):
            if server.behaves(CUSTOM):
                told[name] = value
        elif server.dialect.has("bare_custom_claims") or not server.behaves(NAMESPACED):
            told[name] = value
    return told


def _namespaced(name: str) -> bool:
    parts = urlsplit(name)
    return parts.scheme in {"https", "http"} and bool(parts.netloc)


def _broken(signed: str) -> str:
    head, _, signature = signed.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
