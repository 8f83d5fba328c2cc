"""DPoP proofs checked too loosely or too strictly: RFC 9449 §4.3."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from tokenspec.reference_server.addresses import normal_address
from tokenspec.reference_server.alterations.building import nothing, subtle
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.errors import OAuthError, invalid_dpop_proof
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check
from tokenspec.reference_server.guards.dpop import PROOF, verified
from tokenspec.reference_server.keys import base64url, base64url_decode

R_HTU = "RFC9449-4.3-9_htu"
R_NORMAL = "RFC9449-4.3-htu_normalisation"


def _htu(agrees: Callable[[str, str], bool]) -> Check:
    """The comparison of htu with the address, made by `agrees(shown, url)`."""

    def check(exchange: Exchange) -> None:
        shown = exchange.dpop.claims.get("htu") if exchange.dpop else None
        if isinstance(shown, str) and not agrees(shown, exchange.url):
            raise invalid_dpop_proof("htu")

    return check


def _htu_with_the_query(exchange: Exchange) -> None:
    query = urlsplit(exchange.request.url).query
    _htu(lambda shown, url: shown == (f"{url}?{query}" if query else url))(exchange)


def _host_and_path(address: str) -> tuple[str, ...]:
    normal = normal_address(address)
    return (*normal[1:2], *normal[3:])


def _by_host(shown: str, url: str, agrees: Callable[[str, str], bool]) -> bool:
    one, other = normal_address(shown), normal_address(url)
    return bool(one) and one[3:] == other[3:] and agrees(one[1], other[1])


def _raw_path(address: str) -> tuple[str, ...]:
    parts = urlsplit(address)
    return (*normal_address(address)[:3], parts.path)


def _raw_port(address: str) -> tuple[str, ...]:
    named = re.search(r"//[^/]*:([0-9]+)", address)
    return (*normal_address(address), named[1] if named else "")


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
        raise OAuthError("use_dpop_nonce", "no nonce")


def _only_es256(exchange: Exchange) -> None:
    if exchange.dpop and exchange.dpop.header.get("alg") != "ES256":
        raise invalid_dpop_proof("alg")


def _no_other_claims(exchange: Exchange) -> None:
    known = {"jti", "htm", "htu", "iat", "nonce", "ath"}
    if exchange.dpop and set(exchange.dpop.claims) - known:
        raise invalid_dpop_proof("unknown claim")


def _first_member(exchange: Exchange) -> None:
    """Htm as a reader finds it that keeps the first of two members."""
    if exchange.dpop is None:
        return
    try:
        claims = base64url_decode(exchange.dpop.encoded.split(".")[1])
        pairs = json.loads(claims, object_pairs_hook=list)
    except (ValueError, IndexError, RecursionError):
        return
    shown = next((value for name, value in pairs if name == "htm"), None)
    if isinstance(shown, str) and shown != exchange.request.method:
        raise invalid_dpop_proof("htm")


def _signature_cut(exchange: Exchange) -> None:
    """Only as much of a signature read as an ES256 signature is long."""
    if exchange.dpop and exchange.dpop.header.get("alg") == "ES256":
        cut = replace(exchange.dpop, signature=exchange.dpop.signature[:ES256_OCTETS])
        if not verified(cut):
            raise invalid_dpop_proof("signature")


def _large_jti(exchange: Exchange) -> None:
    jti = exchange.dpop.claims.get("jti") if exchange.dpop else None
    if isinstance(jti, str) and len(jti) > LONGEST_JTI:
        raise OAuthError("server_error", "jti does not fit the store", 500)


def _header_refused(*names: str) -> Check:
    def check(exchange: Exchange) -> None:
        if exchange.dpop and set(names) & set(exchange.dpop.header):
            raise invalid_dpop_proof("unknown header")

    return check


def _typ(*taken: str) -> Check:
    def check(exchange: Exchange) -> None:
        if exchange.dpop and str(exchange.dpop.header.get("typ", "")).lower() not in taken:
            raise invalid_dpop_proof("typ")

    return check


def _no_leeway(exchange: Exchange) -> None:
    issued = exchange.dpop.claims.get("iat") if exchange.dpop else None
    if isinstance(issued, int | float) and issued > exchange.now + 1:
        raise invalid_dpop_proof("iat")


def _whole_seconds(exchange: Exchange) -> None:
    issued = exchange.dpop.claims.get("iat") if exchange.dpop else None
    if isinstance(issued, float):
        raise invalid_dpop_proof("iat is no whole number")


def _bound_if_asked(exchange: Exchange) -> None:
    code = exchange.code
    if code and code.dpop_jkt and exchange.dpop and not exchange.jkt.startswith(code.dpop_jkt[:10]):
        raise invalid_dpop_proof("another key than dpop_jkt")


ES256_OCTETS = 64  # RFC 7518 §3.4
LONGEST_JTI = 1000  # characters

DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "dpop.first_member_counts",
        "RFC7519-4-duplicate_claims",
        "of two claims of one name the first counts",
        dpop__htm=_first_member,
    ),
    subtle(
        "dpop.signature_cut",
        "RFC7518-3.4-es256_signature_64_octets",
        "what stands behind 64 octets of signature is overlooked",
        dpop__signature=_signature_cut,
    ),
    subtle(
        "dpop.large_jti",
        "RFC9449-11.1-large_jti",
        "a huge jti breaks the store",
        dpop__jti_unseen=_large_jti,
    ),
    subtle(
        "dpop.kid_refused",
        "RFC7515-4-unknown_header_ignored",
        "a header member that is not known is refused",
        dpop__crit=_header_refused("tokenspec", "crit"),
    ),
    Alteration(
        "resource.proofs_overlooked",
        "RFC9449-7.1-no_access_unless_all",
        "a proof at userinfo is not looked at",
        dict.fromkeys(
            ("resource.proof_present", "dpop.ath", "dpop.token_key", *(g.name for g in PROOF)),
            nothing,
        ),
    ),
    subtle(
        "dpop.typ_jwt_taken",
        "RFC9449-11.5-typ_verified",
        "any JWT is taken for a proof",
        dpop__typ=nothing,
        dpop__jwk_present=nothing,
        dpop__jwk_fits_alg=nothing,
        dpop__signature=nothing,
        dpop__jti_present=nothing,
        dpop__htm_present=nothing,
        dpop__htu_present=nothing,
        dpop__iat_present=nothing,
        dpop__htm=nothing,
        dpop__htu=nothing,
        dpop__nonce=nothing,
        dpop__not_old=nothing,
    ),
    subtle(
        "dpop.typ_exact",
        "RFC7515-4.1.9-typ_application_prefix",
        "typ is compared to the letter",
        dpop__typ=_typ("dpop+jwt"),
    ),
    subtle(
        "dpop.no_leeway",
        "RFC9449-4.3-11_small_skew",
        "a proof from a second ahead is refused",
        dpop__not_in_the_future=_no_leeway,
    ),
    subtle(
        "dpop.whole_seconds",
        "RFC7519-2-numeric_date_fraction",
        "iat has to be a whole number",
        dpop__iat_present=_whole_seconds,
    ),
    subtle(
        "dpop.code_key_prefix",
        "RFC9449-10-dpop_jkt_malformed",
        "only the beginning of dpop_jkt is compared, and a malformed one fits any key",
        dpop__code_key=_bound_if_asked,
    ),
    Alteration(
        "dpop.htu_prefix",
        R_HTU,
        "htu compared by prefix",
        {"dpop.htu": _htu(lambda a, b: a.startswith(b))},
    ),
    Alteration(
        "dpop.htu_host_only",
        R_HTU,
        "only the host of htu compared",
        {"dpop.htu": _htu(lambda a, b: normal_address(a)[:3] == normal_address(b)[:3])},
    ),
    Alteration(
        "dpop.htu_path_only",
        R_HTU,
        "only the path of htu compared",
        {"dpop.htu": _htu(lambda a, b: normal_address(a)[3:] == normal_address(b)[3:])},
    ),
    Alteration(
        "dpop.htu_any_scheme",
        R_HTU,
        "http and https count as the same",
        {"dpop.htu": _htu(lambda a, b: _host_and_path(a) == _host_and_path(b))},
    ),
    Alteration(
        "dpop.htu_host_ends",
        R_HTU,
        "an address whose host ends like the right one is taken",
        {"dpop.htu": _htu(lambda a, b: _by_host(a, b, str.endswith))},
    ),
    Alteration(
        "dpop.htu_host_begins",
        R_HTU,
        "an address whose host begins like the right one is taken",
        {"dpop.htu": _htu(lambda a, b: _by_host(a, b, str.startswith))},
    ),
    Alteration(
        "dpop.htu_path_raw",
        R_NORMAL,
        "the paths of addresses are compared to the character",
        {"dpop.htu": _htu(lambda a, b: _raw_path(a) == _raw_path(b))},
    ),
    Alteration(
        "dpop.htu_port_raw",
        R_NORMAL,
        "an address that names the default port is another",
        {"dpop.htu": _htu(lambda a, b: _raw_port(a) == _raw_port(b))},
    ),
    Alteration(
        "dpop.htu_exact",
        R_NORMAL,
        "htu compared to the character",
        {"dpop.htu": _htu(lambda a, b: a == b)},
    ),
    subtle(
        "dpop.htu_with_the_query",
        "RFC9449-4.3-9_htu_ignores_query",
        "htu has to have the query of the request",
        dpop__htu=_htu_with_the_query,
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
