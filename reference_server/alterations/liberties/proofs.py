"""What is done with DPoP proofs and nonces: RFC 9449 §4.3, §8, §11.1; and how clocks tick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tokenspec.reference_server.alterations.building import nothing
from tokenspec.reference_server.alterations.liberties.model import (
    Liberty,
    checking,
    configured,
    telling,
)
from tokenspec.reference_server.alterations.model import Alteration, Clock
from tokenspec.reference_server.config import ServerConfig
from tokenspec.reference_server.errors import invalid_dpop_proof
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards import dpop


def _exact_type(exchange: Exchange) -> None:
    if exchange.dpop and exchange.dpop.header.get("typ") != "dpop+jwt":
        raise invalid_dpop_proof("typ")


def _at_token_alone(exchange: Exchange) -> None:
    if exchange.endpoint == "token":
        dpop.jti_unseen.check(exchange)


def _whole_seconds(clock: Clock) -> Clock:
    return lambda: float(int(clock()))


def _window(seconds: int) -> Callable[[ServerConfig], ServerConfig]:
    def configures(config: ServerConfig) -> ServerConfig:
        return replace(config, policy=replace(config.policy, dpop_iat_window=seconds))

    return configures


LIBERTIES = (
    checking(
        "dpop.proofs_not_remembered",
        "RFC 9449 §11.1",
        "To store what was seen of proofs is one way to limit their reuse.",
        "a proof may come again while its time is right",
        dpop__jti_unseen=nothing,
    ),
    checking(
        "dpop.proofs_remembered_at_the_token_endpoint",
        "RFC 9449 §11.1",
        "A server that demands a proof may store what it has seen of it; none has to.",
        "userinfo does not remember proofs",
        dpop__jti_unseen=_at_token_alone,
    ),
    checking(
        "dpop.type_compared_exactly",
        "RFC 9449 §4.3",
        "typ has the value dpop+jwt; other spellings of the media type need not be known.",
        "typ of a proof is compared letter by letter",
        dpop__typ=_exact_type,
    ),
    telling(
        "dpop.nonce_only_when_demanded",
        "RFC 9449 §8",
        "The server may supply a new nonce at any time.",
        "a success brings no nonce, a demand does",
        nonce_headers=lambda headers, about: headers if about.demanded else (),
    ),
    Liberty(
        "clock.whole_seconds",
        "RFC 7519 §2",
        "A NumericDate counts seconds; that it may have a fraction is a permission.",
        Alteration(
            "clock.whole_seconds",
            "RFC 7519 §2",
            "the server knows whole seconds alone",
            clock=_whole_seconds,
        ),
    ),
    configured(
        "dpop.window_of_five_minutes",
        "RFC 9449 §11.1",
        "A proof is accepted for a brief period, of seconds or minutes.",
        "a proof is taken for five minutes",
        _window(300),
    ),
    configured(
        "dpop.window_of_half_a_minute",
        "RFC 9449 §11.1",
        "A proof is accepted for a brief period, of seconds or minutes.",
        "a proof is taken for half a minute",
        _window(30),
    ),
    Liberty(
        "clock.ahead",
        "RFC 7519 §4.1.4",
        "A small leeway, of no more than a few minutes, is for clocks that do not agree.",
        Alteration(
            "clock.ahead",
            "RFC 7519 §4.1.4",
            "the clock of the server is two seconds ahead",
            clock=lambda clock: lambda: clock() + 2,
        ),
        group="clock",
    ),
)
