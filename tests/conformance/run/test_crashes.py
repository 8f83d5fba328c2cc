"""A server that dies of a request is told apart from one that is slow, unlucky or gone."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from pathlib import Path

import pytest

from tests.conformance.run.crashing_server import Dies, crashing
from tests.target_files import PUBLIC
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.preflight.opening import open_target
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.crashes import with_crash
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Answer, Setting, Step, StepKind
from tokenspec.conformance.verdicts import Kind, Verdict
from tokenspec.reference_server import Request

MADE_UP, TRUE = "code-not-issued/trailing-nul", "code-used-twice/in-turn"


def examined(dies: Dies, keys: Iterable[str], folder: Path) -> dict[str, Finding]:
    with crashing(dies) as issuer:
        path = folder / "target.yaml"
        path.write_text(PUBLIC.format(issuer=issuer), encoding="utf-8")
        opened = open_target(path, {})
        try:
            cases = [case for case in whole_suite() if case.key in keys]
            examiner = Examiner(opened.setup, cases)
            return {case.key: examiner.examine(case) for case in cases}
        finally:
            opened.close()


def with_a_nul(request: Request) -> bool:
    return request.url.endswith("/token") and b"%00" in request.body


def test_a_crash_is_a_server_error(tmp_path: Path) -> None:
    found = examined(with_a_nul, (MADE_UP, TRUE), tmp_path)
    assert found[TRUE].verdict is Verdict.PASS
    crash = found[MADE_UP]
    assert (crash.verdict, crash.kind, crash.step) == (Verdict.FAIL, Kind.SERVER_ERROR, "token")
    assert "connection was closed at this request each time" in crash.observed


def test_a_connection_that_is_closed_once_is_luck(tmp_path: Path) -> None:
    nul = count(1)
    found = examined(lambda request: with_a_nul(request) and next(nul) == 1, (MADE_UP,), tmp_path)
    assert found[MADE_UP].verdict is Verdict.PASS


def test_a_server_that_is_gone_has_not_crashed(tmp_path: Path) -> None:
    dead: list[bool] = []

    def dies(request: Request) -> bool:
        dead.extend([True] * with_a_nul(request))
        return bool(dead)

    found = examined(dies, (MADE_UP,), tmp_path)
    assert found[MADE_UP].verdict is Verdict.COULD_NOT_RUN


def play(*steps: Played) -> Transcript:
    return Transcript(Setting(), "app", "https://as.example", steps)


def step(answer: Answer, name: str = "token", *, closed: bool = False) -> Played:
    return Played(Step(StepKind.TOKEN, name), answer, failure="x" * closed, closed=closed)


CODE = step(Answer.GRANTED, "authorize")
CLOSED = step(Answer.NO_ANSWER, closed=True)
ANSWERED = step(Answer.REFUSED)


@pytest.mark.parametrize(
    ("plays", "alive", "answer"),
    [
        ([play(CODE, CLOSED), play(CODE, CLOSED)], True, Answer.SERVER_ERROR),
        ([play(CODE, CLOSED), play(CODE, CLOSED)], False, Answer.NO_ANSWER),
        ([play(CODE, CLOSED)], True, Answer.NO_ANSWER),
        ([play(CODE, CLOSED), play(CODE, step(Answer.REFUSED))], True, Answer.REFUSED),
        ([play(CODE, step(Answer.NO_ANSWER)), play(CODE, CLOSED)], True, Answer.NO_ANSWER),
        ([play(CODE, step(Answer.NO_ANSWER))] * 2, True, Answer.NO_ANSWER),
        ([play(CLOSED), play(step(Answer.NO_ANSWER, "refresh", closed=True))], True,
         Answer.NO_ANSWER),
    ],
)  # fmt: skip
def test_what_counts_as_a_crash(plays: list[Transcript], answer: Answer, *, alive: bool) -> None:
    assert with_crash(plays, lambda: plays[-1], lambda: alive).steps[-1].answer is answer


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_play_that_comes_through_is_the_one_that_counts(number: int) -> None:
    """A network that breaks each so manyth connection met two plays at the same place."""
    further = iter([play(CODE, CLOSED)] * number + [play(CODE, ANSWERED)])
    found = with_crash([play(CODE, CLOSED)] * 2, lambda: next(further), lambda: True)
    assert found.steps[-1].answer is Answer.REFUSED


def test_before_each_further_play_the_server_answers_once_more() -> None:
    asked = count(1)
    with_crash([play(CODE, CLOSED)] * 2, lambda: play(CODE, CLOSED), lambda: next(asked) > 0)
    assert next(asked) == 1 + 2 + 3 + 1 + 1
