"""Codes and refresh tokens that live on: RFC 6749 §4.1.2, RFC 9700 §4.14.2."""

from __future__ import annotations

import time

from tokenspec.reference_server.defects.building import nothing, subtle
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Defect

WINDOW = 0.01  # seconds between looking a code or token up and marking it used


def _code_marked_late(exchange: Exchange) -> None:
    time.sleep(WINDOW)
    exchange.server.store.consume_code(exchange.get("code"))


def _token_marked_late(exchange: Exchange) -> None:
    time.sleep(WINDOW)
    if exchange.server.policy.rotate_refresh_tokens:
        exchange.server.store.retire_token(exchange.get("refresh_token"))


DEFECTS: tuple[Defect, ...] = (
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
        refresh__consumed_once=_token_marked_late,
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
