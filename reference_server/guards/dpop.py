"""What a DPoP proof has to fulfil: RFC 9449 §4.3, check by check."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization

from tokenspec.reference_server.addresses import normal_address
from tokenspec.reference_server.errors import OAuthError, invalid_dpop_proof
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import guard
from tokenspec.reference_server.jwts import UnverifiedJwt
from tokenspec.reference_server.keys import PRIVATE_MEMBERS, PUBLIC_MEMBERS, base64url_decode
from tokenspec.reference_server.nonces import demands_nonce, recent_nonces

IMPLEMENTED = jwt.algorithms.get_default_algorithms()
# The type of key an algorithm takes, and its curves (RFC 7518 §3.3 to §3.5, RFC 8037 §3.1).
KEYS: dict[str, tuple[str, set[str]]] = {
    "ES256": ("EC", {"P-256"}),
    "ES384": ("EC", {"P-384"}),
    "RS256": ("RSA", set()),
    "PS256": ("RSA", set()),
    "EdDSA": ("OKP", {"Ed25519", "Ed448"}),
}
SMALLEST_RSA = 2048  # bits


@guard("dpop.single_header", "RFC9449-4.3-1_single_header")
def single_header(exchange: Exchange) -> None:
    """RFC 9449 §4.3 (1): one DPoP header at most."""
    if len(exchange.request.header_all("DPoP")) > 1:
        raise invalid_dpop_proof("several DPoP headers")


@guard("dpop.well_formed", "RFC9449-4.3-2_well_formed")
def well_formed(exchange: Exchange) -> None:
    """RFC 9449 §4.3 (2): the header is one well-formed JWT."""
    if exchange.dpop and not exchange.dpop.well_formed:
        raise invalid_dpop_proof("no JWT")


@guard("dpop.typ", "RFC9449-4.3-4_typ")
def typ(exchange: Exchange) -> None:
    """RFC 9449 §4.3 (4): typ is dpop+jwt, compared as a media type (RFC 7515 §4.1.9)."""
    proof = exchange.dpop
    if proof is None:
        return
    shown = str(proof.header.get("typ", "")).lower().removeprefix("application/")
    if shown != "dpop+jwt":
        raise invalid_dpop_proof(f"typ {shown!r}")


@guard("dpop.alg", "RFC9449-4.3-5_alg_acceptable")
def alg(exchange: Exchange) -> None:
    """RFC 9449 §4.3 (5): alg is asymmetric and supported."""
    known = exchange.core.policy.client_algorithms
    if exchange.dpop and exchange.dpop.header.get("alg") not in known:
        raise invalid_dpop_proof(f"alg {exchange.dpop.header.get('alg')!r}")


@guard("dpop.jwk_present", "RFC9449-4.3-3_required_claims")
def jwk_present(exchange: Exchange) -> None:
    """RFC 9449 §4.3 (3): the header holds a JWK."""
    if exchange.dpop and not isinstance(exchange.dpop.header.get("jwk"), dict):
        raise invalid_dpop_proof("no jwk")


@guard("dpop.jwk_fits_alg", "RFC9449-4.3-6_alg_key_mismatch")
def jwk_fits_alg(exchange: Exchange) -> None:
    """RFC 9449 §4.3 (6): type and curve of the key fit alg."""
    proof = exchange.dpop
    if proof is None:
        return
    kty, curves = KEYS.get(str(proof.header.get("alg")), ("", set()))
    jwk = proof.header.get("jwk")
    if not kty or not isinstance(jwk, dict):
        return
    if jwk.get("kty") != kty or (curves and str(jwk.get("crv")) not in curves):
        raise invalid_dpop_proof("alg and key do not fit")


@guard("dpop.rsa_key_size", "RFC7518-3.3-rsa_2048")
def rsa_key_size(exchange: Exchange) -> None:
    """RFC 7518 §3.3, §3.5: an RSA key has 2048 bits or more."""
    jwk = exchange.dpop.header.get("jwk") if exchange.dpop else None
    if not isinstance(jwk, dict) or jwk.get("kty") != "RSA" or not _is_text(jwk.get("n")):
        return
    try:
        bits = int.from_bytes(base64url_decode(jwk["n"])).bit_length()
    except ValueError as error:
        raise invalid_dpop_proof(f"unusable jwk: {error}") from error
    if bits < SMALLEST_RSA:
        raise invalid_dpop_proof(f"RSA key of {bits} bits")


@guard("dpop.crit", "RFC7515-4.1.11-crit_unknown_rejected")
def crit(exchange: Exchange) -> None:
    """RFC 7515 §4.1.11: no extension is critical, since none is known here."""
    if exchange.dpop and "crit" in exchange.dpop.header:
        raise invalid_dpop_proof(f"crit {exchange.dpop.header['crit']!r}")


@guard("dpop.signature", "RFC9449-4.3-6_signature")
def signature(exchange: Exchange) -> None:
    """RFC 9449 §4.3 (6): the signature verifies with the JWK of the header."""
    proof = exchange.dpop
    if proof is None or not _usable(proof):
        return
    if not verified(proof):
        raise invalid_dpop_proof("signature")


def verified(proof: UnverifiedJwt) -> bool:
    """Whether the signature is one of the key in the header.

    Raises:
        OAuthError: the key cannot be used.
    """
    try:
        return _verify(proof)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise invalid_dpop_proof(f"unusable jwk: {error}") from error


def _usable(proof: UnverifiedJwt) -> bool:
    """Whether there is a key to verify with; what is wrong with it is for the guards before."""
    jwk = proof.header.get("jwk")
    named = str(proof.header.get("alg"))
    kty, _ = KEYS.get(named, ("", set()))
    return isinstance(jwk, dict) and (not kty or jwk.get("kty") == kty)


def _verify(proof: UnverifiedJwt) -> bool:
    """Verify as the header asks; which algorithms may be asked for is the guard `alg`."""
    named = str(proof.header.get("alg"))
    if named == "none":
        return not proof.signature
    algorithm = IMPLEMENTED[named]
    jwk = proof.header["jwk"]
    public = {name: jwk[name] for name in PUBLIC_MEMBERS if name in jwk}
    if named.startswith("HS"):
        key: Any = jwt.PyJWK(public, "ES256").key
        pem = key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        expected = hmac.digest(pem, proof.signing_input, hashlib.sha256)
        return hmac.compare_digest(expected, proof.signature)
    return algorithm.verify(proof.signing_input, jwt.PyJWK(public, named).key, proof.signature)


@guard("dpop.jwk_public", "RFC9449-4.3-7_no_private_key")
def jwk_public(exchange: Exchange) -> None:
    """RFC 9449 §4.3 (7): the JWK holds no private key."""
    jwk = exchange.dpop.header.get("jwk") if exchange.dpop else None
    if isinstance(jwk, dict) and set(PRIVATE_MEMBERS) & set(jwk):
        raise invalid_dpop_proof("private key in jwk")


def _claim(exchange: Exchange, name: str) -> Any:
    return exchange.dpop.claims.get(name) if exchange.dpop else None


def _required(name: str, right: Callable[[Any], bool]) -> Callable[[Exchange], None]:
    def check(exchange: Exchange) -> None:
        if exchange.dpop and not right(_claim(exchange, name)):
            raise invalid_dpop_proof(f"{name} is missing or of the wrong type")

    check.__doc__ = f"RFC 9449 §4.3 (3): {name} is there and of the right type."
    return check


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


REQUIRED = "RFC9449-4.3-3_required_claims"
jti_present = guard("dpop.jti_present", REQUIRED)(_required("jti", _is_text))
htm_present = guard("dpop.htm_present", REQUIRED)(_required("htm", _is_text))
htu_present = guard("dpop.htu_present", REQUIRED)(_required("htu", _is_text))
iat_present = guard("dpop.iat_present", REQUIRED)(_required("iat", _is_number))


@guard("dpop.htm", "RFC9449-4.3-8_htm")
def htm(exchange: Exchange) -> None:
    """RFC 9449 §4.3 (8): htm is the method of the request."""
    shown = _claim(exchange, "htm")
    if shown is not None and shown != exchange.request.method:
        raise invalid_dpop_proof("htm")


@guard("dpop.htu", "RFC9449-4.3-9_htu")
def htu(exchange: Exchange) -> None:
    """RFC 9449 §4.3 (9): htu is the URL of the request, less query and fragment."""
    shown = _claim(exchange, "htu")
    address = normal_address(exchange.url)
    if shown is not None and (not address or normal_address(str(shown)) != address):
        raise invalid_dpop_proof("htu")


@guard("dpop.nonce", "RFC9449-4.3-10_nonce")
def nonce(exchange: Exchange) -> None:
    """RFC 9449 §8: where the server gives nonces, the proof repeats a recent one."""
    if exchange.dpop is None or not demands_nonce(exchange):
        return
    if _claim(exchange, "nonce") not in recent_nonces(exchange.core, exchange.endpoint):
        raise OAuthError("use_dpop_nonce", "no recent nonce")


@guard("dpop.not_old", "RFC9449-4.3-11_time_window")
def not_old(exchange: Exchange) -> None:
    """RFC 9449 §4.3 (11): the proof was not made too long ago."""
    issued = _claim(exchange, "iat")
    window = exchange.core.policy.dpop_iat_window
    if _is_number(issued) and issued < exchange.now - window:
        raise invalid_dpop_proof("iat too old")


@guard("dpop.not_in_the_future", "RFC9449-4.3-11_time_window")
def not_in_the_future(exchange: Exchange) -> None:
    """RFC 9449 §4.3 (11), §11.1: the proof was not made too far in the future."""
    issued = _claim(exchange, "iat")
    window = exchange.core.policy.dpop_iat_window
    if _is_number(issued) and issued > exchange.now + window:
        raise invalid_dpop_proof("iat in the future")


@guard("dpop.unexpired", "RFC7519-4.1.4-exp_enforced")
def unexpired(exchange: Exchange) -> None:
    """RFC 7519 §4.1.4: a proof that says when it expires is not taken from then on."""
    expires = _claim(exchange, "exp")
    if expires is not None and not (_is_number(expires) and expires > exchange.now):
        raise invalid_dpop_proof("exp")


@guard("dpop.not_before", "RFC7519-4.1.5-nbf_enforced")
def not_before(exchange: Exchange) -> None:
    """RFC 7519 §4.1.5: a proof that says from when it is good is not taken before."""
    starts = _claim(exchange, "nbf")
    window = exchange.core.policy.dpop_iat_window
    if starts is not None and not (_is_number(starts) and starts <= exchange.now + window):
        raise invalid_dpop_proof("nbf")


@guard("dpop.jti_unseen", "RFC9449-11.1-jti_replay_token_endpoint")
def jti_unseen(exchange: Exchange) -> None:
    """RFC 9449 §11.1: a proof is used once at one address."""
    shown = _claim(exchange, "jti")
    if not _is_text(shown):
        return
    digest = hashlib.sha256(json.dumps([exchange.url, shown]).encode()).hexdigest()
    until = exchange.now + 2 * exchange.core.policy.dpop_iat_window
    if not exchange.core.store.first_time(f"dpop:{digest}", until):
        raise invalid_dpop_proof("jti seen before")


PROOF = (
    single_header,
    well_formed,
    crit,
    typ,
    alg,
    jwk_present,
    jwk_fits_alg,
    jwk_public,
    rsa_key_size,
    signature,
    jti_present,
    htm_present,
    htu_present,
    iat_present,
    htm,
    htu,
    nonce,
    not_old,
    not_in_the_future,
    unexpired,
    not_before,
    jti_unseen,
)
