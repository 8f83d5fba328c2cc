"""A request that got no answer settles nothing: neither it nor what comes after it accuses."""

from __future__ import annotations

from itertools import count

import pytest

from tests.conformance.run.odd_servers import setup_at
from tokenspec.conformance.errors import TimedOut
from tokenspec.conformance.http import Request, Response, Transport
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.verdicts import Kind, Verdict

SUITE = {case.key: case for case in whole_suite()}


class Losing:
    """Loses the answer to a token request of each play, or the request itself on its way there."""

    def __init__(self, inner: Transport, number: int, *, arrives: bool) -> None:
        self._inner = inner
        self._number = number
        self._arrives = arrives
        self.asked = count(number + 1)  # until a play of a case begins, nothing is lost

    def send(self, request: Request) -> Response:
        lost = request.url.endswith("/token") and next(self.asked) == self._number
        if lost and not self._arrives:
            raise TimedOut("no answer")
        response = self._inner.send(request)
        if lost:
            raise TimedOut("no answer")
        return response

    def begin(self, _case: Case) -> None:
        self.asked = count(1)


def examined(
    key: str, number: int, *, arrives: bool = True, defects: tuple[str, ...] = ()
) -> Finding:
    wires: list[Losing] = []

    def wire(inner: Transport) -> Transport:
        wires.append(Losing(inner, number, arrives=arrives))
        return wires[0]

    setup = setup_at(wire=wire, defects=defects)
    return Examiner(setup, (SUITE[key],), before_play=wires[0].begin).examine(SUITE[key])


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("code-used-twice/in-turn", 1),
        ("code-used-twice/in-turn", 2),
        ("code-used-twice/third-time", 2),
        ("refresh-token-rotation/two-generations-old-ends-the-family", 1),
        ("refresh-token-rotation/two-generations-old-ends-the-family", 2),
        ("refresh-token-rotation/two-generations-old-ends-the-family", 4),
        ("refresh-token-rotation/old-one-again", 3),
    ],
)
def test_what_rests_on_a_step_without_an_answer_could_not_run(
    key: str, number: int, *, arrives: bool
) -> None:
    found = examined(key, number, arrives=arrives)
    assert (found.verdict, found.kind) == (Verdict.COULD_NOT_RUN, Kind.TIMEOUT)
    assert "no answer" in found.observed


@pytest.mark.parametrize("number", [1, 5])
def test_a_race_is_not_withstood_where_an_answer_is_missing(number: int) -> None:
    found = examined("code-used-at-once/twelve", number)
    assert found.verdict is Verdict.COULD_NOT_RUN
    assert "requests sent at once got no answer" in found.note


def test_a_race_is_lost_whatever_the_missing_answer_is() -> None:
    found = examined("code-used-at-once/twelve", 5, defects=("code.consumed_once", "code.unused"))
    assert (found.verdict, found.kind) == (Verdict.FAIL, Kind.ACCEPTED)
