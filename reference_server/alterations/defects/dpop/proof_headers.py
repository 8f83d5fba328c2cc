"""Keys and headers of proofs taken for what they are not: RFC 9449 §4.3, RFC 7515 §4.1."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from cryptography import x509

from tokenspec.reference_server.alterations.building import making, subtle, telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.errors import OAuthError, invalid_dpop_proof
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards.dpop import (
    IMPLEMENTED,
    alg,
    crit,
    jwk_present,
    jwk_public,
    signature,
    well_formed,
)
from tokenspec.reference_server.keys import base64url_decode
from tokenspec.reference_server.seams import Alter

DEEPEST = 1000
LISTED = "dpop_signing_alg_values_supported"


def _header(exchange: Exchange, name: str) -> Any:
    return exchange.dpop.header.get(name) if exchange.dpop else None


def _symmetric(exchange: Exchange) -> bool:
    jwk = _header(exchange, "jwk")
    return isinstance(jwk, dict) and jwk.get("kty") == "oct"


def _alg_or_shared(exchange: Exchange) -> None:
    if _header(exchange, "alg") != "HS256":
        alg.check(exchange)


def _public_or_shared(exchange: Exchange) -> None:
    if not _symmetric(exchange):
        jwk_public.check(exchange)


def _signature_or_shared(exchange: Exchange) -> None:
    proof = exchange.dpop
    if proof is None or not _symmetric(exchange):
        signature.check(exchange)
        return
    secret = base64url_decode(str(proof.header["jwk"].get("k", "")))
    expected = hmac.digest(secret, proof.signing_input, hashlib.sha256)
    if not hmac.compare_digest(expected, proof.signature):
        raise invalid_dpop_proof("signature")


def _key_or_certificate(exchange: Exchange) -> None:
    if not _header(exchange, "x5c"):
        jwk_present.check(exchange)


def _by_certificate(exchange: Exchange) -> None:
    """The certificate of the header comes before its key."""
    proof, chain = exchange.dpop, _header(exchange, "x5c")
    if proof is None or not chain:
        signature.check(exchange)
        return
    certificate = x509.load_der_x509_certificate(base64.b64decode(chain[0]))
    algorithm: Any = IMPLEMENTED["ES256"]
    if not algorithm.verify(proof.signing_input, certificate.public_key(), proof.signature):
        raise invalid_dpop_proof("signature")


def _no_certificate(exchange: Exchange) -> None:
    crit.check(exchange)
    if _header(exchange, "x5c"):
        raise invalid_dpop_proof("x5c")


def _nobody_answers(exchange: Exchange) -> None:
    crit.check(exchange)
    if _header(exchange, "jku"):
        raise OAuthError("server_error", "no answer from the address in jku", 500)


def _breaks_on_nesting(exchange: Exchange) -> None:
    text = b""
    if exchange.dpop and not exchange.dpop.well_formed:
        try:
            text = base64url_decode(exchange.dpop.encoded.split(".", maxsplit=1)[0])
        except ValueError:
            text = b""
    if text.startswith(b"[" * DEEPEST):
        raise OAuthError("server_error", "nested too deeply", 500)
    well_formed.check(exchange)


def _listing(name: str) -> Alter:
    return making(lambda content, _about: {LISTED: [*content.get(LISTED, ()), name]})


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "dpop.header_address_asked",
        "RFC9449-4.2-other_claims",
        "an address of keys in the header is asked, and the server fails where nobody answers",
        dpop__crit=_nobody_answers,
    ),
    subtle(
        "dpop.symmetric_key",
        "RFC9449-4.3-5_alg_acceptable",
        "a proof made with a secret that its own header holds is taken",
        dpop__alg=_alg_or_shared,
        dpop__jwk_public=_public_or_shared,
        dpop__signature=_signature_or_shared,
    ),
    subtle(
        "dpop.x5c_trusted",
        "RFC9449-4.3-6_signature",
        "a certificate in the header is verified with in place of the key",
        dpop__jwk_present=_key_or_certificate,
        dpop__signature=_by_certificate,
    ),
    subtle(
        "dpop.x5c_refused",
        "RFC9449-4.2-other_claims",
        "a proof with a certificate in its header is refused",
        dpop__crit=_no_certificate,
    ),
    subtle(
        "dpop.nesting_breaks",
        "RFC9449-4.3-2_well_formed",
        "a deeply nested header breaks the server",
        dpop__well_formed=_breaks_on_nesting,
    ),
    telling(
        "metadata.dpop_none",
        "RFC9449-5.1-alg_values_asymmetric",
        "the metadata lists none for proofs",
        metadata=_listing("none"),
    ),
    telling(
        "metadata.dpop_shared_secret",
        "RFC9449-5.1-alg_values_asymmetric",
        "the metadata lists HS256 for proofs",
        metadata=_listing("HS256"),
    ),
)
