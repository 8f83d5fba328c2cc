"""Times of proofs and assertions judged too strictly: RFC 9449 §11.1, FAPI 2.0 §5.3.2.1."""

from __future__ import annotations

from tokenspec.reference_server.alterations.building import subtle
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.errors import invalid_client, invalid_dpop_proof
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards import dpop
from tokenspec.reference_server.jwts import UnverifiedJwt

SECONDS = 3


def _for_seconds(exchange: Exchange) -> None:
    issued = exchange.dpop.claims.get("iat") if exchange.dpop else None
    if isinstance(issued, int | float) and issued < exchange.now - SECONDS:
        raise invalid_dpop_proof("iat too old")


def _no_other_times(exchange: Exchange) -> None:
    dpop.iat_present.check(exchange)
    if exchange.dpop and {"exp", "nbf"} & set(exchange.dpop.claims):
        raise invalid_dpop_proof("exp or nbf")


def _never_ahead(exchange: Exchange) -> None:
    claims = UnverifiedJwt.read(exchange.get("client_assertion")).claims
    issued = claims.get("iat")
    if isinstance(issued, int | float) and issued > exchange.now + 1:
        raise invalid_client("assertion iat")


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "dpop.window_of_seconds",
        "RFC9449-4.3-11_small_skew",
        "a proof is taken for three seconds",
        dpop__not_old=_for_seconds,
    ),
    subtle(
        "dpop.other_times_refused",
        "RFC9449-4.2-other_claims",
        "a proof with exp or nbf is refused",
        dpop__iat_present=_no_other_times,
    ),
    subtle(
        "client.assertion_never_ahead",
        "FAPI2SP-5.3.2.1-iat_10s_ahead_accepted",
        "an assertion of a clock that is ahead is refused",
        client__assertion_not_ahead=_never_ahead,
    ),
    subtle(
        "client.assertion_of_own_clock",
        "RFC7519-4.1.5-nbf_enforced",
        "an assertion that is a second ahead is refused",
        client__assertion_not_before=_never_ahead,
    ),
)
