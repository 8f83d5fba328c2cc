"""A transport that stops for good: when the target is gone, or when the run is told to end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from tokenspec.conformance.errors import Unreachable
from tokenspec.conformance.http import OUT_OF_SERVICE, Request, Response, Transport

FIRST_WAIT = 1.0  # seconds between the first two questions whether the target is still there
ENDED = "the run was ended before this was sent"


class Stop:
    """Whether a run goes on; safe for many threads. Whoever waits is woken when it ends."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self.why = ""  # it ended of itself; empty while it has not

    def stop(self, why: str = "") -> None:
        """Send nothing more, and wait for nothing more."""
        self.why = self.why or why
        self._stopped.set()

    def wait(self, seconds: float) -> None:
        """Let time pass, as long as the run goes on.

        Raises:
            Unreachable: the run has ended.
        """
        self._stopped.wait(seconds)
        self.check()

    def check(self) -> None:
        """See that the run goes on.

        Raises:
            Unreachable: it has ended.
        """
        if self._stopped.is_set():
            raise Unreachable(
                self.why or ENDED,
                "see the first failure; the target may be down or may have blocked this client",
            )


class Breaker:
    """Wraps a transport for one run; safe for many threads.

    A server that drops odd requests is not gone: after several failures in a row it is asked for
    something ordinary. While that is not answered either, nothing else is sent; if it is still not
    when the time allowed for an outage has passed, nothing is sent any more.

    Args:
        inner: the transport that sends.
        failures: how many requests in a row have to fail before the target is asked.
        outage: seconds that a target that is away is waited for.
        longest: seconds after which the run ends, whatever is left of it.
        stop: tells others that nothing more is sent.
        clock: monotonic seconds.
        sleep: waits so many seconds before the target is asked again; None: `stop` does.
    """

    def __init__(
        self,
        inner: Transport,
        failures: int,
        *,
        outage: float = 3.0,
        longest: float = float("inf"),
        stop: Stop | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._inner = inner
        self._most = failures
        self._outage = outage
        self._longest = longest
        self._stop = stop or Stop()
        self._clock = clock
        self._end = clock() + longest
        self._sleep = sleep or self._stop.wait
        self._away = threading.Lock()
        self._failures = 0
        self.out_of_time = False  # the run took longer than it may
        self.probe: Request | None = None  # something the target answers when it is there
        self.wait = self._stop.wait
        self.stop = self._stop.stop

    @property
    def lost(self) -> str:
        """Why nothing more is sent, where that is not our will; empty while there is no reason."""
        return self._stop.why

    def send(self, request: Request) -> Response:
        """Send, unless nothing more is to be sent.

        Raises:
            Unreachable: no answer, or the run has ended.
        """
        self._stop.check()
        if self._clock() >= self._end:
            self.out_of_time = True
            self._stop.stop(f"the run took longer than the {self._longest:g} s of 'limits.run'")
            self._stop.check()
        try:
            response = self._inner.send(request)
        except Unreachable as error:
            self._failed(error.message)
            raise
        if response.status in OUT_OF_SERVICE:
            self._failed(f"status {response.status}")
        else:
            self._failures = 0
        return response

    def _failed(self, how: str) -> None:
        with self._away:
            self._failures += 1
            if self._failures < self._most or self._stop.why:
                return
            if self._comes_back() or not self._failures:  # another request was answered meanwhile
                self._failures = 0
                return
            self._stop.stop(
                f"the target stopped answering: {self._failures} requests in a row failed, the "
                f"last with: {how}"
            )

    def _comes_back(self) -> bool:
        """Whether the target answers something ordinary, now or within an outage's time."""
        if self.probe is None:
            return False
        for seconds in _waits(self._outage):
            self._sleep(seconds)
            try:
                if self._inner.send(self.probe).status not in OUT_OF_SERVICE:
                    return True
            except Unreachable:
                continue
        return False


def _waits(whole: float) -> Iterator[float]:
    """Seconds before each question: none, then twice as long each time, up to `whole` of all."""
    yield 0.0
    wait, left = FIRST_WAIT, whole
    while left > 0:
        yield min(wait, left)
        left -= wait
        wait *= 2
