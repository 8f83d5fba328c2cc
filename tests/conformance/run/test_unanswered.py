"""A request that got no answer settles nothing: neither it nor what comes after it accuses."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from itertools import count

import pytest

from tests.conformance.run.odd_servers import setup_at
from tokenspec.conformance.errors import TimedOut
from tokenspec.conformance.http import Request, Response, Transport
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.engine import Engine
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.target.model import Limits
from tokenspec.conformance.transport.breaker import Breaker
from tokenspec.conformance.transport.polite import PoliteTransport
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


class Away:
    """A server that others answer for with a status, from one request to another."""

    def __init__(self, inner: Transport, first: int, last: int, answer: Response) -> None:
        self._inner = inner
        self._away = range(first, last)
        self._answer = answer
        self._count = count(1)

    def send(self, request: Request) -> Response:
        return self._answer if next(self._count) in self._away else self._inner.send(request)


def told_in_an_outage(last: int, answer: Response) -> tuple[Counter[str], str]:
    """Verdicts of some cases around an outage, and why the target is taken to be gone."""
    breakers: list[Breaker] = []

    def wire(inner: Transport) -> Transport:
        away = Away(inner, 150, last, answer)
        polite = PoliteTransport(away, Limits(), sleep=lambda _seconds: None)
        breakers.append(Breaker(polite, 5, outage=30, sleep=lambda _seconds: None))
        return breakers[0]

    setup = setup_at(wire=wire, jobs=1)
    breakers[0].probe = setup.probe
    cases = [case for case in SUITE.values() if case.area == "code"]
    with closing(Engine(setup, cases, jobs=1, seed=1)) as engine:
        engine.submit(cases)
        found = [engine.finding(case) for case in cases]
    return Counter(str(finding.verdict) for finding in found), breakers[0].lost


OUTAGES = [
    Response(503, (("Retry-After", "1"),), b"<html>busy"),
    Response(503, (), b"<html>busy"),
    Response(502, (("Content-Type", "text/html"),), b"<html>bad gateway"),
]


@pytest.mark.parametrize("answer", OUTAGES)
def test_an_outage_changes_no_verdict(answer: Response) -> None:
    undisturbed, _ = told_in_an_outage(150, answer)
    found, lost = told_in_an_outage(158, answer)
    assert not lost
    assert found == undisturbed


@pytest.mark.parametrize("answer", OUTAGES)
def test_an_outage_that_does_not_end_establishes_nothing_and_says_so_once(answer: Response) -> None:
    found, lost = told_in_an_outage(10**6, answer)
    assert lost.startswith("the target stopped answering")
    assert found["could-not-run"] > 10
    assert not found.keys() & {"fail", "warn", "unsteady", "deviation"}


def test_a_status_of_a_gateway_at_one_request_alone_is_a_server_error() -> None:
    def wire(inner: Transport) -> Transport:
        return Overwhelmed(inner)

    key = "code-not-issued/trailing-nul"
    found = Examiner(setup_at(wire=wire), (SUITE[key],)).examine(SUITE[key])
    assert (found.verdict, found.kind) == (Verdict.FAIL, Kind.SERVER_ERROR)
    assert "status 503 at this request each time" in found.observed


class Overwhelmed:
    """A server that a NUL in a code takes out of service for that request."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def send(self, request: Request) -> Response:
        return Response(503) if b"%00" in request.body else self._inner.send(request)
