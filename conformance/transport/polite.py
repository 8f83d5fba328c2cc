"""A transport that keeps to a rate and obeys Retry-After, at 429 and at 503."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tokenspec.conformance.errors import OutOfService, RateLimited
from tokenspec.conformance.http import Request, Response, Transport
from tokenspec.conformance.target.model import Limits

TOO_MANY_REQUESTS, UNAVAILABLE = 429, 503
TRIES = 4  # of one request that is answered so
LONGEST_WAIT = 60.0  # seconds; a target that asks for more is not waited for


class PoliteTransport:
    """Wraps a transport for one run; safe for many threads.

    Args:
        inner: the transport that sends.
        limits: the rate.
        clock: monotonic seconds.
        wall_clock: seconds since the epoch, to read a Retry-After date.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        inner: Transport,
        limits: Limits,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._inner = inner
        self._limits = limits
        self._clock = clock
        self._wall_clock = wall_clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next_at = 0.0
        self.requests = 0

    def send(self, request: Request) -> Response:
        """Send when the rate allows, again after a 429, or a 503 that says when.

        Raises:
            RateLimited: every try was answered 429, or the wait asked for is too long.
            OutOfService: the same with 503.
            Unreachable: no answer.
        """
        status = 0
        for attempt in range(TRIES):
            self._wait_for_turn()
            response = self._inner.send(request)
            status = response.status
            if not _asks_to_wait(response):
                return response
            wait = self._asked_wait(response, attempt)
            if wait > LONGEST_WAIT:
                break
            with self._lock:
                self._next_at = max(self._next_at, self._clock() + wait)
        if status == UNAVAILABLE:
            raise OutOfService(
                "the target answered 503 (out of service) again and again",
                "run again when it is in service",
            )
        raise RateLimited(
            "the target answered 429 (too many requests) again and again",
            "set 'limits.rate' in the target file, or raise the limit for the test client",
        )

    def _wait_for_turn(self) -> None:
        with self._lock:
            self.requests += 1
            now = self._clock()
            at = max(now, self._next_at)
            if self._limits.rate:
                self._next_at = at + 1 / self._limits.rate
        if at > now:
            self._sleep(at - now)

    def _asked_wait(self, response: Response, attempt: int) -> float:
        """Seconds of Retry-After (RFC 9110 §10.2.3); without it, doubling from one second."""
        asked = response.header("Retry-After") or ""
        if asked.isdecimal():
            return float(asked)
        try:
            date = parsedate_to_datetime(asked)
        except ValueError:
            return float(2**attempt)
        moment = date if date.tzinfo else date.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.fromtimestamp(self._wall_clock(), UTC)).total_seconds())


def _asks_to_wait(response: Response) -> bool:
    """RFC 6585 §4 and RFC 9110 §15.6.4; a 503 that names no time may be a fault of this request."""
    named = response.header("Retry-After") is not None
    return response.status == TOO_MANY_REQUESTS or (response.status == UNAVAILABLE and named)
