"""The clock of a play, which can be moved on where the server under test shares it.

A server in this process asks the same clock as the play that is talking to it, in the same context.
Waiting for a code to expire then takes no time, and no other play notices.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar

_AHEAD: ContextVar[float] = ContextVar("seconds a play has moved its clock on", default=0.0)


class MovableClock:
    """Seconds since the epoch, moved on by what the current play has waited."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    def __call__(self) -> float:
        """The time as the current play has it."""
        return self._clock() + _AHEAD.get()

    def wait(self, seconds: float) -> None:
        """Move on, for the rest of the current play."""
        _AHEAD.set(_AHEAD.get() + seconds)
