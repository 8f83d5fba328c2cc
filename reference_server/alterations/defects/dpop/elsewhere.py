"""Proofs that are checked at one endpoint and not at another: RFC 9449 §5, §7.1.

A resource often has other code for proofs than the token endpoint, and a refresh other than the
exchange of a code.
"""

from __future__ import annotations

from collections.abc import Callable

from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check, Guard
from tokenspec.reference_server.guards import dpop

REQUIRED = "RFC9449-4.3-3_required_claims"
WINDOW = "RFC9449-4.3-11_time_window"
Where = Callable[[Exchange], bool]


def _refreshing(exchange: Exchange) -> bool:
    return exchange.endpoint == "token" and exchange.refreshing


def _at_userinfo(exchange: Exchange) -> bool:
    return exchange.endpoint == "userinfo"


def _except(where: Where, guard: Guard) -> Check:
    def check(exchange: Exchange) -> None:
        if not where(exchange):
            guard.check(exchange)

    return check


def _unchecked(where: Where, place: str, guard: Guard, requirement: str, what: str) -> Alteration:
    short = guard.name.removeprefix("dpop.")
    return Alteration(
        f"dpop.{short}_unchecked_at_{place}",
        requirement,
        f"{what} is not looked at where the request is for {place}",
        {guard.name: _except(where, guard)},
    )


DEFECTS: tuple[Alteration, ...] = (
    *(
        _unchecked(_refreshing, "refresh", guard, requirement, what)
        for guard, requirement, what in (
            (dpop.typ, "RFC9449-4.3-4_typ", "the type of a proof"),
            (dpop.alg, "RFC9449-4.3-5_alg_acceptable", "the algorithm of a proof"),
            (dpop.signature, "RFC9449-4.3-6_signature", "the signature of a proof"),
            (dpop.jti_present, REQUIRED, "the jti of a proof"),
            (dpop.htm, "RFC9449-4.3-8_htm", "the method of a proof"),
            (dpop.htu, "RFC9449-4.3-9_htu", "the address of a proof"),
            (dpop.not_old, WINDOW, "the age of a proof"),
            (
                dpop.jti_unseen,
                "RFC9449-11.1-jti_replay_token_endpoint",
                "whether a proof was seen before",
            ),
        )
    ),
    *(
        _unchecked(_at_userinfo, "userinfo", guard, requirement, what)
        for guard, requirement, what in (
            (dpop.single_header, "RFC9449-4.3-1_single_header", "a second DPoP header"),
            (dpop.typ, "RFC9449-4.3-4_typ", "the type of a proof"),
            (dpop.alg, "RFC9449-4.3-5_alg_acceptable", "the algorithm of a proof"),
            (dpop.signature, "RFC9449-4.3-6_signature", "the signature of a proof"),
            (dpop.jwk_public, "RFC9449-4.3-7_no_private_key", "a private key in a proof"),
            (dpop.jti_present, REQUIRED, "the jti of a proof"),
            (dpop.iat_present, REQUIRED, "whether a proof has a time"),
            (dpop.htm_present, REQUIRED, "whether a proof has a method"),
            (dpop.htu_present, REQUIRED, "whether a proof has an address"),
            (dpop.htm, "RFC9449-4.3-8_htm", "the method of a proof"),
            (dpop.htu, "RFC9449-4.3-9_htu", "the address of a proof"),
            (dpop.not_old, WINDOW, "the age of a proof"),
            (dpop.not_in_the_future, WINDOW, "whether a proof is of the future"),
            (dpop.nonce, "RFC9449-9-rs_nonce_401", "the nonce of a proof"),
            (
                dpop.jti_unseen,
                "RFC9449-11.1-jti_replay_resource",
                "whether a proof was seen before",
            ),
        )
    ),
)
