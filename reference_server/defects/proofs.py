"""DPoP proofs checked too loosely or too strictly: RFC 9449 §4.3."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from reference_server.addresses import normal_address
from reference_server.defects.building import nothing, subtle
from reference_server.errors import invalid_dpop_proof
from reference_server.exchange import Exchange
from reference_server.guarding import Check, Defect
from reference_server.keys import base64url

R_HTU = "RFC9449-4.3-9_htu"


def _htu(agrees: Callable[[str, str], bool]) -> Check:
    """The comparison of htu with the address, made by `agrees(shown, url)`."""

    def check(exchange: Exchange) -> None:
        shown = exchange.dpop.claims.get("htu") if exchange.dpop else None
        if isinstance(shown, str) and not agrees(shown, exchange.url):
            raise invalid_dpop_proof("htu")

    return check


def _htm_any_case(exchange: Exchange) -> None:
    shown = exchange.dpop.claims.get("htm") if exchange.dpop else None
    if isinstance(shown, str) and shown.upper() != exchange.request.method:
        raise invalid_dpop_proof("htm")


def _ath_if_present(exchange: Exchange) -> None:
    shown = exchange.dpop.claims.get("ath") if exchange.dpop else None
    digest = hashlib.sha256(exchange.access_token.encode()).digest()
    if shown is not None and shown != base64url(digest):
        raise invalid_dpop_proof("ath")


def _nonce_present(exchange: Exchange) -> None:
    if exchange.dpop and not exchange.dpop.claims.get("nonce"):
        raise invalid_dpop_proof("no nonce")


def _only_es256(exchange: Exchange) -> None:
    if exchange.dpop and exchange.dpop.header.get("alg") != "ES256":
        raise invalid_dpop_proof("alg")


def _no_other_claims(exchange: Exchange) -> None:
    known = {"jti", "htm", "htu", "iat", "nonce", "ath"}
    if exchange.dpop and set(exchange.dpop.claims) - known:
        raise invalid_dpop_proof("unknown claim")


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "dpop.htu_prefix",
        R_HTU,
        "htu compared by prefix",
        {"dpop.htu": _htu(lambda a, b: a.startswith(b))},
    ),
    Defect(
        "dpop.htu_host_only",
        R_HTU,
        "only the host of htu compared",
        {"dpop.htu": _htu(lambda a, b: normal_address(a)[:3] == normal_address(b)[:3])},
    ),
    Defect(
        "dpop.htu_path_only",
        R_HTU,
        "only the path of htu compared",
        {"dpop.htu": _htu(lambda a, b: normal_address(a)[3:] == normal_address(b)[3:])},
    ),
    Defect(
        "dpop.htu_exact",
        "RFC9449-4.3-9_htu_ignores_query",
        "htu compared to the character",
        {"dpop.htu": _htu(lambda a, b: a == b)},
    ),
    subtle(
        "dpop.htm_any_case", "RFC9449-4.3-8_htm_case", "htm without case", dpop__htm=_htm_any_case
    ),
    subtle(
        "dpop.ath_if_present", "RFC9449-4.3-12_ath", "ath only if there", dpop__ath=_ath_if_present
    ),
    subtle(
        "dpop.any_nonce",
        "RFC9449-8-mismatch_same_error",
        "any nonce will do",
        dpop__nonce=_nonce_present,
    ),
    subtle(
        "dpop.unverified",
        "RFC9449-4.3-6_signature",
        "algorithm, key and signature are not looked at",
        dpop__alg=nothing,
        dpop__jwk_present=nothing,
        dpop__jwk_fits_alg=nothing,
        dpop__signature=nothing,
    ),
    subtle(
        "dpop.only_es256",
        "RFC9449-5.1-alg_values_metadata",
        "only ES256 works, whatever the metadata lists",
        dpop__alg=_only_es256,
    ),
    subtle(
        "dpop.other_claims_refused",
        "RFC9449-4.2-other_claims",
        "a proof with a further claim is refused",
        dpop__jti_present=_no_other_claims,
    ),
)
