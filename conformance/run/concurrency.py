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


class Slots:
    """So many plays at once; safe for many threads.

    A slot given back goes to who has waited longest, so that plays begin in the order they came. A
    play that comes back from a wait goes before those that have not begun: what it was given before
    may not live long, and others may end it.
    """

    def __init__(self, count: int) -> None:
        self._count = self._free = count
        self._lock = threading.Lock()
        self._beginning: deque[threading.Event] = deque()
        self._returning: deque[threading.Event] = deque()

    @property
    def in_line(self) -> int:
        """How many wait for a slot."""
        return len(self._beginning) + len(self._returning)

    @contextmanager
    def one(self) -> Iterator[None]:
        """A slot for the time of the block."""
        self._take(self._beginning)
        try:
            yield
        finally:
            self._give_back()

    def given_back_in_waits(self, setup: Setup) -> Setup:
        """`setup` whose plays, each in a slot, leave it to others while they let time pass."""
        return replace(setup, side=replace(setup.side, wait=self._outside(setup.side.wait)))

    def side_by_side(self, play: Callable[[], T], times: int) -> Generator[T, None, None]:
        """What `play` gives each of so many times, for a play that leaves its slot meanwhile.

        Several are under way at once, each in a slot; who wants no more closes the iterator.
        """
        if self._count == 1:
            yield from one_by_one(play, times)
            return
        self._give_back()
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
            self._take(self._returning)

    def _in_slot(self, play: Callable[[], T]) -> T:
        with self.one():
            return play()

    def _outside(self, wait: Callable[[float], None]) -> Callable[[float], None]:
        def outside(seconds: float) -> None:
            self._give_back()
            try:
                wait(seconds)
            finally:
                self._take(self._returning)

        return outside

    def _take(self, line: deque[threading.Event]) -> None:
        """Take a free slot, or stand in line for one."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Event()
            line.append(turn)
        turn.wait()

    def _give_back(self) -> None:
        """Hand the slot to the next in line; it is free only where nobody waits."""
        with self._lock:
            line = self._returning or self._beginning
            if line:
                line.popleft().set()
            else:
                self._free += 1
