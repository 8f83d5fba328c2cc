"""What the requests of one case may take together, in seconds, however many there are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from tokenspec.conformance.errors import TimedOut
from tokenspec.conformance.http import Request, Response, Transport


@dataclass(slots=True)
class _Purse:
    """The seconds left of so many; those that race may both take the last."""

    whole: float
    left: float


PURSE: ContextVar[_Purse | None] = ContextVar("what the case of this thread may take", default=None)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Allow so many seconds to the requests of this block, also to those of threads it begins."""
    token = PURSE.set(_Purse(seconds, seconds))
    try:
        yield
    finally:
        PURSE.reset(token)


class CappedTransport:
    """Wraps a transport; what waits for a turn or a lifetime takes nothing.

    Args:
        inner: the transport that sends.
        clock: monotonic seconds.
    """

    def __init__(self, inner: Transport, clock: Callable[[], float] = time.monotonic) -> None:
        self._inner = inner
        self._clock = clock

    def send(self, request: Request) -> Response:
        """Send, while time is left.

        Raises:
            TimedOut: no answer in time, or the time of the case is used up.
            Unreachable: no answer for another reason.
        """
        purse = PURSE.get()
        if purse is None:
            return self._inner.send(request)
        if purse.left <= 0:
            raise TimedOut(
                f"the requests of this case took the {purse.whole:g} s of 'limits.case'",
                "raise it in the target file if the target is that slow",
            )
        started = self._clock()
        try:
            return self._inner.send(request)
        finally:
            purse.left -= self._clock() - started
