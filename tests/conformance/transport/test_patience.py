"""How long is waited for whom: at 503 and 429, for a target that is away, for one that hangs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from tokenspec.conformance.errors import OutOfService, RateLimited, TimedOut, Unreachable
from tokenspec.conformance.http import Request, Response
from tokenspec.conformance.target.model import Limits
from tokenspec.conformance.transport.breaker import Breaker, Stop
from tokenspec.conformance.transport.hanging import IN_VAIN, PAUSES, HangingEndpoints
from tokenspec.conformance.transport.polite import LONGEST_WAIT, PoliteTransport
from tokenspec.conformance.transport.spending import CappedTransport, at_most

TOKEN = Request("POST", "https://as.example/token")
PROBE = Request("GET", "https://as.example/.well-known/openid-configuration")


class Clock:
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Scripted:
    """Answers in turn as it is told, the last for ever; each answer takes so many seconds."""

    def __init__(
        self, *answers: Response | Unreachable, clock: Clock | None = None, takes: float = 0.0
    ) -> None:
        self._answers = list(answers)
        self._clock = clock or Clock()
        self._takes = takes
        self.sent: list[Request] = []

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        self._clock.sleep(self._takes)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Unreachable):
            raise answer
        return answer


def busy(status: int, after: str | None = None) -> Response:
    return Response(status, (("Retry-After", after),) if after is not None else ())


def polite(clock: Clock, *answers: Response) -> tuple[PoliteTransport, Scripted]:
    scripted = Scripted(*answers)
    return PoliteTransport(scripted, Limits(), clock=clock, sleep=clock.sleep), scripted


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(status: int) -> None:
    clock = Clock()
    transport, scripted = polite(clock, busy(status, "20"), Response(200))
    assert transport.send(TOKEN).status == 200
    assert (clock.now, len(scripted.sent)) == (20.0, 2)


@pytest.mark.parametrize(
    ("status", "after", "seconds"), [(503, "20", 60.0), (503, "3600", 0.0), (429, "3600", 0.0)]
)
def test_the_wait_for_one_request_is_bounded(status: int, after: str, seconds: float) -> None:
    clock = Clock()
    transport, _ = polite(clock, busy(status, after))
    with pytest.raises(OutOfService if status == 503 else RateLimited):
        transport.send(TOKEN)
    assert clock.now == seconds <= 4 * LONGEST_WAIT


def test_a_503_that_names_no_time_may_be_of_this_request_alone() -> None:
    clock = Clock()
    transport, scripted = polite(clock, busy(503))
    assert transport.send(TOKEN).status == 503
    assert (clock.now, len(scripted.sent)) == (0.0, 1)


def breaker(clock: Clock, scripted: Scripted, outage: float = 30.0) -> Breaker:
    made = Breaker(scripted, 3, outage=outage, clock=clock, sleep=clock.sleep)
    made.probe = PROBE
    return made


def failing(made: Breaker, times: int) -> Iterator[str]:
    for _ in range(times):
        try:
            yield str(made.send(TOKEN).status)
        except Unreachable as error:
            yield error.message


AWAY: Iterable[Response | Unreachable] = (Unreachable("refused"), busy(503), busy(502), busy(504))


@pytest.mark.parametrize("away", AWAY)
def test_a_target_that_comes_back_is_waited_for(away: Response | Unreachable) -> None:
    clock = Clock()
    scripted = Scripted(*[away] * 6, Response(200))
    made = breaker(clock, scripted)
    assert len(list(failing(made, 3))) == 3
    assert list(failing(made, 1)) == ["200"]
    assert not made.lost
    assert scripted.sent[3:7] == [PROBE] * 4
    assert clock.now == 1 + 2 + 4


@pytest.mark.parametrize("away", AWAY)
def test_a_target_that_stays_away_is_given_up_once(away: Response | Unreachable) -> None:
    clock = Clock()
    scripted = Scripted(away)
    made = breaker(clock, scripted)
    *_, last = failing(made, 8)
    assert clock.now == 30.0
    assert last == made.lost
    assert made.lost.startswith("the target stopped answering: 3 requests in a row failed")
    assert scripted.sent.count(TOKEN) == 3


class Choked(Scripted):
    """Answers in time to nobody but the one who comes while it is asked whether it is there."""

    def __init__(self, *, answers_another: bool) -> None:
        super().__init__(Unreachable("no answer within 10 s"))
        self.another = answers_another
        self.breaker: Breaker | None = None

    def send(self, request: Request) -> Response:
        if request is PROBE and self.another and self.breaker:
            self.another = False
            self.breaker.send(Request("GET", "https://as.example/another"))
        if request.url.endswith("/another"):
            return Response(200)
        return super().send(request)


@pytest.mark.parametrize("answered", [True, False])
def test_a_target_that_answers_others_meanwhile_is_there(*, answered: bool) -> None:
    choked = Choked(answers_another=answered)
    choked.breaker = made = Breaker(choked, 3, sleep=lambda _seconds: None)
    made.probe = PROBE
    for _ in range(3):
        with pytest.raises(Unreachable):
            made.send(TOKEN)
    assert bool(made.lost) is not answered


def test_a_run_that_takes_too_long_sends_nothing_more() -> None:
    clock = Clock()
    made = Breaker(Scripted(Response(200), clock=clock, takes=10), 3, longest=25, clock=clock)
    assert list(failing(made, 4))[2:] == [
        "200",
        "the run took longer than the 25 s of 'limits.run'",
    ]
    assert made.out_of_time


def test_whoever_waits_is_woken_when_the_run_ends() -> None:
    stop = Stop()
    stop.stop()
    transport = PoliteTransport(Scripted(busy(503, "60")), Limits(), sleep=stop.wait)
    with pytest.raises(Unreachable, match="the run was ended"):
        transport.send(TOKEN)


def test_an_endpoint_that_hangs_is_left_alone() -> None:
    clock = Clock()
    scripted = Scripted(TimedOut("no answer"), clock=clock, takes=10)
    transport = HangingEndpoints(scripted, 10, clock)
    for _ in range(50):
        with pytest.raises(TimedOut):
            transport.send(TOKEN)
    assert len(scripted.sent) == IN_VAIN
    clock.sleep(10 * PAUSES)
    for _ in range(50):
        with pytest.raises(TimedOut):
            transport.send(TOKEN)
    assert len(scripted.sent) == IN_VAIN + 1


def test_other_endpoints_and_one_that_answers_again_are_not() -> None:
    clock = Clock()
    scripted = Scripted(*[TimedOut("no answer")] * IN_VAIN, Response(200))
    transport = HangingEndpoints(scripted, 10, clock)
    for _ in range(IN_VAIN):
        with pytest.raises(TimedOut):
            transport.send(TOKEN)
    assert transport.send(PROBE).status == 200
    clock.sleep(10 * PAUSES)
    assert [transport.send(TOKEN).status for _ in range(3)] == [200] * 3


def test_the_requests_of_a_case_take_no_more_than_allowed_together() -> None:
    clock = Clock()
    scripted = Scripted(Response(200), clock=clock, takes=10)
    transport = CappedTransport(scripted, clock)
    with at_most(25):
        for _ in range(3):
            transport.send(TOKEN)
        with pytest.raises(TimedOut, match=r"the 25 s of 'limits\.case'"):
            transport.send(TOKEN)
    with at_most(25):
        assert transport.send(TOKEN).status == 200
    assert len(scripted.sent) == 4
