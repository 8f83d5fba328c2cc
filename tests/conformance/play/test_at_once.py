"""Requests sent at once: which of their answers count as grants of their own."""

from __future__ import annotations

import json

from tokenspec.conformance.http import Response
from tokenspec.conformance.play.player import _distinct_answers
from tokenspec.conformance.scenario.model import Answer, StepKind

GRANTED, REFUSED = Answer.GRANTED, Answer.REFUSED


def tokens(*names: str) -> list[Response]:
    return [Response(200, (), json.dumps({"access_token": name}).encode()) for name in names]


def test_the_same_tokens_given_twice_are_one_refresh() -> None:
    distinct = _distinct_answers(
        StepKind.REFRESH, tokens("a", "a", "b"), [GRANTED, GRANTED, GRANTED]
    )
    assert distinct == (GRANTED, GRANTED)


def test_refusals_are_all_kept() -> None:
    distinct = _distinct_answers(StepKind.REFRESH, tokens("a", "", ""), [GRANTED, REFUSED, REFUSED])
    assert distinct == (GRANTED, REFUSED, REFUSED)


def test_a_code_that_buys_the_same_tokens_twice_was_used_twice() -> None:
    distinct = _distinct_answers(StepKind.TOKEN, tokens("a", "a"), [GRANTED, GRANTED])
    assert distinct == (GRANTED, GRANTED)
