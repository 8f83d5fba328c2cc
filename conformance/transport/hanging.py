"""A transport that does not wait again and again for an endpoint that hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from tokenspec.conformance.errors import TimedOut
from tokenspec.conformance.http import Request, Response, Transport

IN_VAIN = 4  # requests in a row that an endpoint let wait, before it is left alone for a while
PAUSES = 6  # so many times as long as one was waited for it is left alone then


@dataclass(slots=True)
class _Endpoint:
    """Requests that hung in a row, and until when there is no other."""

    hung: int = 0
    until: float = 0.0


class HangingEndpoints:
    """Wraps a transport for one run; safe for many threads.

    An endpoint that answers nothing in the time allowed would take that time of every case. After
    several in a row it is tried now and then, and whatever else is for it has no answer at once.

    Args:
        inner: the transport that sends.
        timeout: seconds allowed for one response.
        clock: monotonic seconds.
    """

    def __init__(
        self, inner: Transport, timeout: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._inner = inner
        self._pause = timeout * PAUSES
        self._clock = clock
        self._lock = threading.Lock()
        self._endpoints: dict[str, _Endpoint] = {}

    def send(self, request: Request) -> Response:
        """Send, unless the endpoint hangs.

        Raises:
            TimedOut: there was no answer in time, or there has been none for some time.
            Unreachable: no answer for another reason.
        """
        place = request.url.partition("?")[0]
        if self._left_alone(place):
            raise TimedOut(f"{place} has let the time allowed pass {IN_VAIN} times in a row")
        try:
            response = self._inner.send(request)
        except TimedOut:
            with self._lock:
                endpoint = self._endpoints.setdefault(place, _Endpoint())
                endpoint.hung += 1
                endpoint.until = self._clock() + self._pause
            raise
        with self._lock:
            self._endpoints.pop(place, None)
        return response

    def _left_alone(self, place: str) -> bool:
        with self._lock:
            endpoint = self._endpoints.get(place)
            if endpoint is None or endpoint.hung < IN_VAIN:
                return False
            now = self._clock()
            tried = now >= endpoint.until
            if tried:  # by this one; others wait for what comes of it
                endpoint.until = now + self._pause
            return not tried
