"""How many plays are under way at once: those that only let time pass are not counted."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import replace
from typing import TypeVar

from tokenspec.conformance.preflight.setup import Setup

T = TypeVar("T")


def one_by_one(play: Callable[[], T], times: int) -> Generator[T, None, None]:
    """What `play` gives each of so many times, for as long as it is asked for."""
    return (play() for _ in range(times))


class ConcurrencyLimit:
    """At most so many plays at once; safe for many threads.

    A slot that is released goes to the play that has waited longest, so that plays begin in the
    order they came. A play that returns from a wait goes before those that have not begun: what it
    was granted before may expire soon, and other plays may end it.
    """

    def __init__(self, count: int) -> None:
        self._count = self._free = count
        self._lock = threading.Lock()
        self._beginning: deque[threading.Event] = deque()
        self._returning: deque[threading.Event] = deque()

    @property
    def queued(self) -> int:
        """How many wait for a slot."""
        return len(self._beginning) + len(self._returning)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """A slot for the time of the block."""
        self._acquire(self._beginning)
        try:
            yield
        finally:
            self._release()

    def released_in_waits(self, setup: Setup) -> Setup:
        """`setup` whose plays release their slot while they let time pass."""
        return replace(setup, side=replace(setup.side, wait=self._outside(setup.side.wait)))

    def side_by_side(self, play: Callable[[], T], times: int) -> Generator[T, None, None]:
        """What `play` gives each of so many times; the calling play releases its slot meanwhile.

        Several are under way at once, each in a slot; the caller closes the iterator to stop.
        """
        if self._count == 1:
            yield from one_by_one(play, times)
            return
        self._release()
        try:
            with ThreadPoolExecutor(min(times, self._count), "tokenspec-again") as pool:
                # each in a context of its own: a play has its own time
                plays = [pool.submit(copy_context().run, self._in_slot, play) for _ in range(times)]
                try:
                    for each in plays:
                        yield each.result()
                finally:
                    pool.shutdown(wait=False, cancel_futures=True)
        finally:
            self._acquire(self._returning)

    def _in_slot(self, play: Callable[[], T]) -> T:
        with self.slot():
            return play()

    def _outside(self, wait: Callable[[float], None]) -> Callable[[float], None]:
        def outside(seconds: float) -> None:
            self._release()
            try:
                wait(seconds)
            finally:
                self._acquire(self._returning)

        return outside

    def _acquire(self, waiting: deque[threading.Event]) -> None:
        """Take a free slot, or wait for one."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Event()
            waiting.append(turn)
        turn.wait()

    def _release(self) -> None:
        """Pass the slot to the next that waits; it is free only where nobody does."""
        with self._lock:
            waiting = self._returning or self._beginning
            if waiting:
                waiting.popleft().set()
            else:
                self._free += 1
