"""What a server remembers for a moment only: used codes, replaced tokens, seen assertions.

As a cache does whose entries live for a second, or a key that is made of the time.
"""

from __future__ import annotations

from typing import Any

from tokenspec.reference_server.alterations.building import subtle
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.alterations.stores import AroundStore
from tokenspec.reference_server.endpoints.managing import Ends, Managed
from tokenspec.reference_server.errors import invalid_client, invalid_grant
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check, Guard
from tokenspec.reference_server.guards import code, refresh
from tokenspec.reference_server.jwts import UnverifiedJwt
from tokenspec.reference_server.store import Store

A_MOMENT = 1  # second


def _code_lately(guard: Guard) -> Check:
    """The check of a guard, made of a code that is young."""

    def check(exchange: Exchange) -> None:
        shown, lifetime = exchange.code, exchange.core.policy.code_lifetime
        if shown is None or shown.expires_at - lifetime > exchange.now - A_MOMENT:
            guard.check(exchange)

    return check


def _token_lately(guard: Guard) -> Check:
    """The check of a guard, made of a refresh token that was replaced lately or not at all."""

    def check(exchange: Exchange) -> None:
        shown = exchange.refresh_token
        if shown is None or shown.active or shown.retired_at > exchange.now - A_MOMENT:
            guard.check(exchange)

    return check


def _assertion_lately(exchange: Exchange) -> None:
    assertion = UnverifiedJwt.read(exchange.get("client_assertion"))
    seen = f"{assertion.claims.get('jti')} at {int(exchange.now)}"
    asserting = exchange.client is not None and exchange.client.auth_method == "private_key_jwt"
    if asserting and not exchange.core.store.first_time(seen, exchange.now):
        raise invalid_client("assertion jti")


class Revocations(AroundStore):
    """A store that knows when each grant was revoked."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.revoked: dict[str, float] = {}  # the moment, by family


def _revoked_for_a_moment(ends: Ends, about: Managed) -> Ends:
    store: Any = about.exchange.core.store
    if ends is Ends.GRANT and about.token:
        store.revoked[about.token.grant.family] = about.exchange.now
        return Ends.NOTHING
    return ends


def _revoked_lately(exchange: Exchange) -> None:
    store: Any = exchange.core.store
    token = exchange.refresh_token
    moment = store.revoked.get(token.grant.family) if token else None
    if moment is not None and exchange.now - moment <= A_MOMENT:
        raise invalid_grant("refresh_token revoked")
    refresh.active.check(exchange)


DEFECTS: tuple[Alteration, ...] = (
    Alteration(
        "revoke.forgotten",
        "RFC7009-2.1-immediate",
        "that a refresh token was revoked is known for a second",
        guards={"refresh.active": _revoked_lately},
        tells={"ends": _revoked_for_a_moment},
        store=Revocations,
    ),
    subtle(
        "code.use_forgotten",
        "RFC6749-4.1.2-code_reuse_denied",
        "that a code was used is known for a second",
        code__unused=_code_lately(code.unused),
        code__consumed_once=_code_lately(code.consumed_once),
    ),
    subtle(
        "refresh.replacement_forgotten",
        "RFC9700-4.14.2-rotation_replay_refused",
        "that a refresh token was replaced is known for a second",
        refresh__active=_token_lately(refresh.active),
        refresh__consumed_once=_token_lately(refresh.consumed_once),
    ),
    subtle(
        "client.assertion_forgotten",
        "OIDCC-9-assertion_single_use",
        "the jti of an assertion is known for a second",
        client__assertion_replay=_assertion_lately,
    ),
)
