"""Codes and refresh tokens that live on: RFC 6749 §4.1.2, RFC 9700 §4.14.2."""

from __future__ import annotations

import time

from tokenspec.reference_server.alterations.building import nothing, subtle
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.errors import invalid_grant
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards import refresh

WINDOW = 0.01  # seconds between looking a code or token up and marking it used


def _code_marked_late(exchange: Exchange) -> None:
    time.sleep(WINDOW)
    exchange.core.store.consume_code(exchange.get("code"))


def token_marked_late(exchange: Exchange) -> None:
    """A refresh token is replaced a while after it was looked up."""
    time.sleep(WINDOW)
    if exchange.core.policy.rotate_refresh_tokens:
        exchange.core.store.retire_token(exchange.get("refresh_token"))


def _refused_alone(exchange: Exchange) -> None:
    """A used code is refused, and its tokens live on."""
    if exchange.code and exchange.code.used:
        raise invalid_grant("code used before")


def _consumed_alone(exchange: Exchange) -> None:
    code = exchange.code
    if code and not exchange.core.store.consume_code(code.value):
        raise invalid_grant("code used at the same time")


def _revoked_by_anybody(exchange: Exchange) -> None:
    """A used code revokes its tokens, whoever shows it and whatever the verifier."""
    if exchange.code and exchange.code.used:
        exchange.core.store.revoke_family(exchange.code.grant.family)
        raise invalid_grant("code used before")


def _reuse_refused_alone(exchange: Exchange) -> None:
    """A replaced refresh token is refused, and its successors live on."""
    token = exchange.refresh_token
    if token and not token.active and not refresh.in_overlap(exchange, token):
        raise invalid_grant("refresh_token used before or revoked")


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "code.replay_revokes",
        "RFC6749-4.1.2-code_reuse_revokes_access_token",
        "left out: a second use of a code revokes the tokens of the first",
        code__unused=_refused_alone,
        code__consumed_once=_consumed_alone,
    ),
    subtle(
        "code.invalid_replay_spares",
        "OAUTH21-7.5.2-invalid_replay_does_not_revoke",
        "left out: a used code that comes back with a wrong verifier ends no token",
        code__unused=_revoked_by_anybody,
    ),
    subtle(
        "refresh.reuse_revokes_family",
        "RFC9700-4.14.2-rotation_replay_revokes_family",
        "left out: a rotated refresh token that comes back revokes its family",
        refresh__active=_reuse_refused_alone,
    ),
    subtle(
        "code.check_then_act",
        "RFC6749-4.1.2-code_reuse_denied",
        "a code is looked up first and marked used a hundredth of a second later",
        code__consumed_once=_code_marked_late,
    ),
    subtle(
        "refresh.check_then_act",
        "RFC9700-4.14.2-rotation_replay_refused",
        "a refresh token is looked up first and replaced a hundredth of a second later",
        refresh__consumed_once=token_marked_late,
    ),
    subtle(
        "code.replay_accepted",
        "RFC6749-4.1.2-code_reuse_denied",
        "a code is never marked used",
        code__unused=nothing,
        code__consumed_once=nothing,
    ),
    subtle(
        "refresh.replay_accepted",
        "RFC9700-4.14.2-rotation_replay_refused",
        "a replaced refresh token goes on working",
        refresh__active=nothing,
        refresh__consumed_once=nothing,
    ),
)
