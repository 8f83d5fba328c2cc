"""The second user signs in where the first has, and only a sign-in that was asked for counts."""

from __future__ import annotations

import pytest

from tokenspec.conformance.http import Exchange, Request
from tokenspec.conformance.play.same_browser import see_who_signed_in
from tokenspec.conformance.scenario.bases import SAME_BROWSER
from tokenspec.conformance.scenario.edits import UnfitError
from tokenspec.conformance.scenario.model import Answer, Step, StepKind

THERE = Step(StepKind.AUTHORIZE, "authorize-2", user=SAME_BROWSER)
TYPED = Exchange(Request("POST", "https://as.example/login", (), b"username=a+b%40c&password=x"))
SILENT = Exchange(Request("GET", "https://as.example/authorize", ()))


def test_a_code_counts_where_the_name_was_typed() -> None:
    see_who_signed_in(THERE, Answer.GRANTED, "a b@c", (SILENT, TYPED))


def test_a_code_for_whoever_was_there_before_does_not() -> None:
    with pytest.raises(UnfitError, match="not asked to sign in"):
        see_who_signed_in(THERE, Answer.GRANTED, "hatter", (SILENT, TYPED))


@pytest.mark.parametrize("user", ["", "second"])
def test_in_a_browser_of_their_own_nobody_has_to_be_asked(user: str) -> None:
    step = Step(StepKind.AUTHORIZE, "authorize-2", user=user)
    see_who_signed_in(step, Answer.GRANTED, "hatter", (SILENT,))


def test_a_refusal_needs_nobody() -> None:
    see_who_signed_in(THERE, Answer.REFUSED, "hatter", (SILENT,))
