"""What a server gets wrong only where different requests meet, and right where they come in turn.

A window between a look and what is done upon it, like those of `tokens`, or an answer shared by
whoever asks at the same moment.
"""

from __future__ import annotations

import time
from dataclasses import replace

from tokenspec.reference_server.alterations.building import subtle
from tokenspec.reference_server.alterations.defects.grants import replays
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check, Guard
from tokenspec.reference_server.guards import code, refresh
from tokenspec.reference_server.store import Token

SHARED = "tokenspec.shared"  # among the values of an exchange: it gets what another one gets


def _revocation_undone(exchange: Exchange) -> None:
    """Another process has ended the grant since: what was read before is written over it."""
    token = exchange.refresh_token
    time.sleep(replays.WINDOW)
    if token and exchange.core.store.ended(token.grant.family):
        _put_back(exchange, token)
    else:
        refresh.consumed_once.check(exchange)


def _put_back(exchange: Exchange, token: Token) -> None:
    """The token as it was, in a grant that nobody has ended."""
    away = replace(token.grant, family=f"{token.grant.family} that got away")
    exchange.core.store.add_token(replace(token, grant=away))


def _overlooked(exchange: Exchange) -> None:
    """What ends a grant ends the tokens that are there; what is made just now gets away."""
    refresh.consumed_once.check(exchange)
    time.sleep(replays.WINDOW)
    token = exchange.refresh_token
    if token and exchange.core.store.ended(token.grant.family):
        _put_back(exchange, token)


def _joins(exchange: Exchange) -> None:
    """A request for a code that is being redeemed waits, and gets what the first one gets."""
    code.issued.check(exchange)
    shown = exchange.code
    if shown is None or exchange.core.store.first_time(f"redeeming {shown.value}", 0):
        return
    time.sleep(2 * replays.WINDOW)
    if not shown.used and exchange.code and exchange.code.used:
        exchange.values[SHARED] = "yes"


def _unless_shared(guard: Guard) -> Check:
    def check(exchange: Exchange) -> None:
        if SHARED not in exchange.values:
            guard.check(exchange)

    return check


def _consumed_late(exchange: Exchange) -> None:
    if SHARED not in exchange.values:
        time.sleep(replays.WINDOW)
        code.consumed_once.check(exchange)


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "refresh.undoes_revocation",
        "RFC7009-2.1-immediate",
        "a refresh that began before a revocation puts back the token as it had read it",
        refresh__consumed_once=_revocation_undone,
    ),
    subtle(
        "refresh.overlooked",
        "RFC9700-4.14.2-rotation_replay_revokes_family",
        "what a refresh issues while its family is ended lives on",
        refresh__consumed_once=_overlooked,
    ),
    subtle(
        "code.answer_shared",
        "RFC7636-4.6-mismatch_invalid_grant",
        "requests for a code that is being redeemed are answered like the first, unchecked",
        code__issued=_joins,
        code__consumed_once=_consumed_late,
        **{
            guard.name.replace(".", "__"): _unless_shared(guard)
            for guard in (
                code.of_this_client,
                code.unused,
                code.verifier_present,
                code.verifier_form,
                code.verifier_matches,
            )
        },
    ),
)
