"""ID tokens: OpenID Connect Core §2, §3.1.3.6, §3.1.3.7."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt

from conformance.checks.model import Surround, check
from conformance.oauth.keys import base64url
from conformance.play.transcript import Played, Transcript

SKEW = 300  # seconds by which the clocks of server and harness may differ
HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}
# Claim names registered for JWTs and ID tokens (RFC 7519 §4.1, OpenID Connect Core §2, §3.1.3.6,
# §3.3.2.11, §5.1 and the session management documents), which need no namespace.
_REGISTERED = """
iss sub aud exp nbf iat jti auth_time nonce acr amr azp at_hash c_hash s_hash sid name given_name
family_name middle_name nickname preferred_username profile picture website email email_verified
gender birthdate zoneinfo locale phone_number phone_number_verified address updated_at sub_jwk cnf
events org_id org_name client_id scope
"""
REGISTERED_CLAIMS = frozenset(_REGISTERED.split())


@dataclass(frozen=True, slots=True)
class IdToken:
    """An ID token taken apart without being believed."""

    encoded: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]


def read_id_token(played: Played) -> IdToken | None:
    """The ID token of an answer; None where there is none or it is no JWT."""
    encoded = played.received.get("id_token")
    if not isinstance(encoded, str):
        return None
    try:
        header = jwt.get_unverified_header(encoded)
        claims = jwt.decode(encoded, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    return IdToken(encoded, header, claims)


@check("id-token-is-jwt")
def id_token_is_jwt(played: Played, _t: Transcript, _s: Surround) -> Iterator[str]:
    """`id_token` is a JWT (OpenID Connect Core §2)."""
    if "id_token" in played.received and read_id_token(played) is None:
        yield "id_token is no JWT with a JSON object of claims"


@check("id-token-signature")
def id_token_signature(played: Played, _t: Transcript, surround: Surround) -> Iterator[str]:
    """The signature verifies with a key of the server's key set (§3.1.3.7, 6)."""
    token = read_id_token(played)
    if token is None:
        return
    algorithm = str(token.header.get("alg", ""))
    if algorithm.lower() in ("none", ""):
        yield "the ID token is not signed"
    elif not algorithm.startswith("HS") and not _verified(token, surround.jwks()):
        yield f"no key of the key set verifies the {algorithm[:20]} signature"


def _verified(token: IdToken, jwks: Mapping[str, Any]) -> bool:
    key_id = token.header.get("kid")
    keys = [key for key in jwks.get("keys", ()) if isinstance(key, dict)]
    fitting = [key for key in keys if key_id is None or key.get("kid") == key_id]
    return any(_verifies(token, key) for key in fitting)


def _verifies(token: IdToken, key: Mapping[str, Any]) -> bool:
    algorithm = str(token.header["alg"])
    try:
        public = jwt.PyJWK(dict(key), algorithm).key
        jwt.decode(
            token.encoded,
            public,
            algorithms=[algorithm],
            options={"verify_aud": False, "verify_exp": False, "verify_iat": False},
        )
    except (jwt.PyJWTError, ValueError, TypeError):
        return False
    return True


@check("id-token-alg-declared")
def id_token_alg_declared(played: Played, _t: Transcript, surround: Surround) -> Iterator[str]:
    """`alg` is one the metadata lists (OpenID Connect Discovery §3)."""
    token = read_id_token(played)
    listed = surround.metadata.get("id_token_signing_alg_values_supported")
    if token and isinstance(listed, list) and token.header.get("alg") not in listed:
        yield "the metadata does not list the alg of the ID token"


@check("id-token-issuer")
def id_token_issuer(played: Played, _t: Transcript, surround: Surround) -> Iterator[str]:
    """`iss` is the issuer, exactly (§3.1.3.7, 2)."""
    token = read_id_token(played)
    if token and token.claims.get("iss") != surround.issuer:
        yield "iss is not the issuer" if "iss" in token.claims else "iss is missing"


@check("id-token-audience")
def id_token_audience(played: Played, transcript: Transcript, _s: Surround) -> Iterator[str]:
    """`aud` holds the client_id (§3.1.3.7, 3)."""
    token = read_id_token(played)
    if token is None:
        return
    audience = token.claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if transcript.client_id not in named:
        yield "aud does not hold the client_id" if audience else "aud is missing"


@check("id-token-subject")
def id_token_subject(played: Played, _t: Transcript, _s: Surround) -> Iterator[str]:
    """`sub` is a text of 1 to 255 ASCII characters (§2)."""
    token = read_id_token(played)
    if token is None:
        return
    subject = token.claims.get("sub")
    longest = 255
    if not isinstance(subject, str) or not 0 < len(subject) <= longest or not subject.isascii():
        yield "sub is missing or not a text of 1 to 255 ASCII characters"


@check("id-token-times")
def id_token_times(played: Played, _t: Transcript, _s: Surround) -> Iterator[str]:
    """`exp` and iat are numbers, exp is in the future, iat about now (§2, §3.1.3.7, 9 and 10)."""
    token = read_id_token(played)
    if token is None:
        return
    for name in ("exp", "iat"):
        value = token.claims.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield f"{name} is missing or no number"
        elif name == "exp" and value <= played.at - SKEW:
            yield "exp is in the past"
        elif name == "iat" and abs(value - played.at) > SKEW:
            yield "iat is more than five minutes away from the clock of this machine"


@check("id-token-nonce")
def id_token_nonce(played: Played, transcript: Transcript, _s: Surround) -> Iterator[str]:
    """`nonce` is the one of the authorization request (§3.1.3.7, 11)."""
    token, sent = read_id_token(played), transcript.recall("authorize.nonce")
    if token and sent and token.claims.get("nonce") != sent:
        yield "nonce is not the one sent" if "nonce" in token.claims else "nonce is missing"


@check("id-token-at-hash")
def id_token_at_hash(played: Played, _t: Transcript, _s: Surround) -> Iterator[str]:
    """at_hash, where given, fits the access token of the same answer (§3.1.3.6)."""
    token, access_token = read_id_token(played), played.received.get("access_token")
    if token is None or "at_hash" not in token.claims or not isinstance(access_token, str):
        return
    hashed = HASHES.get(str(token.header.get("alg"))[-3:])
    if hashed is None:
        return  # EdDSA: no hash is laid down for it there
    digest = hashed(access_token.encode()).digest()
    if not hmac.compare_digest(
        base64url(digest[: len(digest) // 2]).encode(), str(token.claims["at_hash"]).encode()
    ):
        yield "at_hash does not fit the access token"


@check("id-token-claims-namespaced")
def id_token_claims_namespaced(played: Played, _t: Transcript, _s: Surround) -> Iterator[str]:
    """A claim that is not registered has a URI as its name (the seed page's first remark)."""
    token = read_id_token(played)
    if token is None:
        return
    for name in token.claims:
        if name not in REGISTERED_CLAIMS and not _namespaced(name):
            yield f"the custom claim {name[:60]!r} has no namespace"


@check("id-token-has-namespaced-claim")
def id_token_has_namespaced_claim(played: Played, _t: Transcript, _s: Surround) -> Iterator[str]:
    """A custom claim that the target was set up with arrives under its namespaced name."""
    token = read_id_token(played)
    if token and not any(_namespaced(name) for name in token.claims):
        yield "no namespaced custom claim is in the ID token"


@check("id-token-same-user")
def id_token_same_user(played: Played, transcript: Transcript, _s: Surround) -> Iterator[str]:
    """An ID token that comes of a refresh keeps iss, sub and aud (§12.2)."""
    first, token = transcript.step("token"), read_id_token(played)
    original = read_id_token(first) if first else None
    if token is None or original is None:
        return
    for name in ("iss", "sub", "aud"):
        if token.claims.get(name) != original.claims.get(name):
            yield f"{name} differs from that of the first ID token"


def _namespaced(name: str) -> bool:
    try:
        parts = urlsplit(name)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
