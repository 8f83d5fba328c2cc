"""ID tokens as signed JWTs: OpenID Connect Core §2, §3.1.3.7, §10.1."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.oauth.keys import base64url_decode
from tokenspec.conformance.oauth.published_keys import PublishedKeys
from tokenspec.conformance.play.transcript import Played, Transcript

JWS_PARTS = 3  # header, payload, signature (RFC 7515 §3.1)
FAPI_ALGORITHMS = ("PS256", "ES256", "EdDSA", "Ed25519")  # the last two name the same
KEY_HEADERS = ("jku", "jwk", "x5u", "x5c")
SHORTEST_SECRET = {"HS256": 32, "HS384": 48, "HS512": 64}  # octets (RFC 7518 §3.2)


@dataclass(frozen=True, slots=True)
class IdToken:
    """An ID token taken apart without being believed."""

    encoded: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]


def read_id_token(played: Played) -> IdToken | None:
    """The ID token of an answer; None where there is none or it is not a JWT."""
    return read_jwt(played.received.get("id_token"))


def read_jwt(encoded: Any) -> IdToken | None:
    """A JWT taken apart without being believed; None where it is none."""
    return _taken_apart(encoded) if isinstance(encoded, str) else None


@functools.lru_cache(maxsize=64)  # many checks look at one token
def _taken_apart(encoded: str) -> IdToken | None:
    """By hand: a library may refuse a header for what is to be looked at in it."""
    parts = encoded.split(".")
    if len(parts) != JWS_PARTS:
        return None
    try:
        header, claims = (json.loads(base64url_decode(part)) for part in parts[:2])
    except (ValueError, RecursionError):
        return None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        return None
    return IdToken(encoded, header, claims)


@check("id-token-is-jwt", Subject.ID_TOKEN)
def id_token_is_jwt(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`id_token` is a JWT (OpenID Connect Core §2)."""
    if "id_token" in played.received and read_id_token(played) is None:
        yield "id_token is not a JWT with a JSON object of claims"


@check("id-token-not-unsigned", Subject.ID_TOKEN)
def id_token_not_unsigned(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`alg` is not none, as no client here registered for it (OpenID Connect Core §2)."""
    token = read_id_token(played)
    if token and str(token.header.get("alg", "")).lower() in ("none", ""):
        yield "the ID token is not signed"


@check("id-token-alg-fapi", Subject.ID_TOKEN)
def id_token_alg_fapi(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """`alg` is PS256, ES256 or that of Ed25519 (FAPI 2.0 Security Profile §5.4.1)."""
    token = read_id_token(played)
    if token and token.header.get("alg") not in FAPI_ALGORITHMS:
        yield f"the ID token is signed with {str(token.header.get('alg'))[:20]}"


@check("id-token-signature", Subject.ID_TOKEN)
def id_token_signature(played: Played, _t: Transcript, context: CheckContext) -> Iterator[str]:
    """The signature verifies with a key of the server's key set (§3.1.3.7, 6)."""
    token = read_id_token(played)
    if token is None:
        return
    algorithm = str(token.header.get("alg", ""))
    if algorithm.lower() in ("none", ""):
        yield "the ID token is not signed"
    elif not _shared_key(token) and not verified(token, context.keys):
        yield f"no key of the key set verifies the {algorithm[:20]} signature"


def _shared_key(token: IdToken) -> bool:
    return str(token.header.get("alg", "")).startswith("HS")


def verified(token: IdToken, keys: PublishedKeys) -> bool:
    """Whether a key of the key set verifies the signature, as it was, or as it is by now."""

    def found(key_sets: Iterable[Mapping[str, Any]]) -> bool:
        return any(_verifies(token, key) for jwks in key_sets for key in _fitting(token, jwks))

    return found(keys.every()) or (keys.again() and found([keys.newest()]))


def _fitting(token: IdToken, jwks: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The keys the header may mean: the one it names, else all."""
    key_id = token.header.get("kid")
    keys = [key for key in jwks.get("keys", ()) if isinstance(key, dict)]
    return [key for key in keys if key_id is None or key.get("kid") == key_id]


def _verifies(token: IdToken, key: Mapping[str, Any]) -> bool:
    try:
        return _signed_with(token, jwt.PyJWK(dict(key), str(token.header["alg"])).key)
    except (jwt.PyJWTError, ValueError, TypeError, NotImplementedError):  # the last: no alg
        return False


def _signed_with(token: IdToken, key: Any) -> bool:
    try:
        jwt.PyJWS().decode(token.encoded, key, algorithms=[str(token.header["alg"])])
    except (jwt.PyJWTError, ValueError, TypeError):
        return False
    return True


@check("id-token-key-for-signing", Subject.ID_TOKEN)
def id_token_key_for_signing(
    played: Played, _t: Transcript, context: CheckContext
) -> Iterator[str]:
    """The key that verifies the signature is meant for signing (§10.1, RFC 7517 §4.2, §4.3)."""
    token = read_id_token(played)
    if token is None or _shared_key(token):
        return
    verifying = [key for key in _fitting(token, context.keys.newest()) if _verifies(token, key)]
    for key in verifying[:1]:
        operations = key.get("key_ops")
        if key.get("use", "sig") != "sig":
            yield "use of the key is not sig"
        if isinstance(operations, list) and "verify" not in operations:
            yield "key_ops of the key does not hold verify"
        if key.get("alg", token.header["alg"]) != token.header["alg"]:
            yield "the key is published for another alg"


@check("id-token-key-named", Subject.ID_TOKEN)
def id_token_key_named(played: Played, _t: Transcript, context: CheckContext) -> Iterator[str]:
    """Where the key set holds several keys, the header says in kid which one signed (§10.1)."""
    token = read_id_token(played)
    keys = context.keys.newest().get("keys", ())
    if token and len(keys) > 1 and not _shared_key(token) and "kid" not in token.header:
        yield f"the key set holds {len(keys)} keys and the header has no kid"


@check("id-token-no-key-headers", Subject.ID_TOKEN)
def id_token_no_key_headers(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The header holds no key and no address of one (§2)."""
    token = read_id_token(played)
    if token:
        yield from (f"the header holds {name}" for name in KEY_HEADERS if name in token.header)


@check("id-token-shared-key", Subject.ID_TOKEN)
def id_token_shared_key(played: Played, play: Transcript, context: CheckContext) -> Iterator[str]:
    """An HMAC is keyed with the client_secret, so that a public client gets none (§10.1)."""
    token = read_id_token(played)
    if token is None or not _shared_key(token):
        return
    secret = context.secret(play.client_id)
    if not secret:
        yield "a client without a secret got an ID token with a shared-key signature"
    elif not _signed_with(token, secret):
        yield "the shared-key signature is not keyed with the client_secret"


@check("id-token-secret-long-enough", Subject.ID_TOKEN)
def id_token_secret_long_enough(
    played: Played, play: Transcript, context: CheckContext
) -> Iterator[str]:
    """A client_secret that keys an HMAC is as long as its hash (§16.19, RFC 7518 §3.2)."""
    token = read_id_token(played)
    shortest = SHORTEST_SECRET.get(str(token.header.get("alg"))) if token else None
    secret = context.secret(play.client_id)
    if shortest and secret and len(secret.encode()) < shortest:
        yield f"the client_secret is shorter than {shortest} octets"


@check("id-token-alg-declared", Subject.ID_TOKEN)
def id_token_alg_declared(played: Played, _t: Transcript, context: CheckContext) -> Iterator[str]:
    """`alg` is one the metadata lists (OpenID Connect Discovery §3)."""
    token = read_id_token(played)
    listed = context.metadata.get("id_token_signing_alg_values_supported")
    if token and isinstance(listed, list) and token.header.get("alg") not in listed:
        yield "the metadata does not list the alg of the ID token"
