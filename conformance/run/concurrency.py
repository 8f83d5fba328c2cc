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
Waiting = deque[threading.Event]


def one_by_one(play: Callable[[], T], times: int) -> Generator[T, None, None]:
    """What `play` gives each of so many times, for as long as it is asked for."""
    return (play() for _ in range(times))


class ConcurrencyLimit:
    """At most so many plays at once, or one that is alone; safe for many threads.

    A slot that is released goes to the play that has waited longest, so that plays begin in the
    order they came. A play that returns from a wait goes before those that have not begun: what it
    was granted before may expire soon, and other plays may end it. A play that is to be alone goes
    before all of them, when those under way have ended.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._taken = 0
        self._alone = False
        self._lock = threading.Lock()
        self._to_be_alone: Waiting = deque()
        self._returning: Waiting = deque()
        self._beginning: Waiting = deque()

    @property
    def count(self) -> int:
        """How many there may be at once."""
        return self._count

    @property
    def queued(self) -> int:
        """How many wait for a slot."""
        return len(self._beginning) + len(self._returning) + len(self._to_be_alone)

    @contextmanager
    def slot(self) -> Iterator[int]:
        """A slot for the time of the block; gives how many there are when it begins."""
        self._acquire(self._beginning)
        try:
            yield self._count
        finally:
            self._release()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nothing else is under way for the time of the block; not to be asked for in a slot."""
        self._acquire(self._to_be_alone)
        try:
            yield
        finally:
            self._release_alone()

    def halve(self, count: int) -> bool:
        """From so many at once to half as many; says whether there were as many, and more than one.

        Those under way go on; fewer begin.
        """
        with self._lock:
            if self._count != count or count == 1:
                return False
            self._count = count // 2
            return True

    def released_in_waits(self, setup: Setup) -> Setup:
        """`setup` whose plays release their slot while they let time pass."""
        wait = self._outside(setup.side.wait, self._release, self._returning)
        return replace(setup, side=replace(setup.side, wait=wait))

    def alone_but_in_waits(self, setup: Setup) -> Setup:
        """`setup` for plays that are alone, except while they let time pass."""
        wait = self._outside(setup.side.wait, self._release_alone, self._to_be_alone)
        return replace(setup, side=replace(setup.side, wait=wait))

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

    def _outside(
        self, wait: Callable[[float], None], release: Callable[[], None], waiting: Waiting
    ) -> Callable[[float], None]:
        def outside(seconds: float) -> None:
            release()
            try:
                wait(seconds)
            finally:
                self._acquire(waiting)

        return outside

    def _acquire(self, waiting: Waiting) -> None:
        """Take a free slot, or wait for one; the same for being alone."""
        turn = threading.Event()
        with self._lock:
            waiting.append(turn)
            self._admit()
        turn.wait()

    def _release(self) -> None:
        with self._lock:
            self._taken -= 1
            self._admit()

    def _release_alone(self) -> None:
        with self._lock:
            self._alone = False
            self._admit()

    def _admit(self) -> None:
        """Let in those whose turn it is."""
        if self._alone:
            return
        if self._to_be_alone:  # until it has been, nobody else begins
            if self._taken == 0:
                self._alone = True
                self._to_be_alone.popleft().set()
            return
        while self._taken < self._count and (waiting := self._returning or self._beginning):
            self._taken += 1
            waiting.popleft().set()
