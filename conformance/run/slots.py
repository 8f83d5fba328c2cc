"""How many plays are under way at once: those that only let time pass are not counted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import replace
from typing import TypeVar

from conformance.run.setup import Setup

T = TypeVar("T")


def one_by_one(play: Callable[[], T], times: int) -> Generator[T, None, None]:
    """What `play` gives each of so many times, for as long as it is asked for."""
    return (play() for _ in range(times))


class Slots:
    """So many plays at once; safe for many threads.

    A play that comes back from a wait goes before those that have not begun: what it was given
    before may not live long, and others may end it.
    """

    def __init__(self, count: int) -> None:
        self._count = self._free = count
        self.coming_back = 0
        lock = threading.Lock()
        self._beginning, self._returning = threading.Condition(lock), threading.Condition(lock)

    @contextmanager
    def one(self) -> Iterator[None]:
        """A slot for the time of the block."""
        with self._beginning:
            self._beginning.wait_for(lambda: self._free and not self.coming_back)
            self._free -= 1
            self._offer()
        try:
            yield
        finally:
            self._give_back()

    def given_back_in_waits(self, setup: Setup) -> Setup:
        """`setup` whose plays, each in a slot, leave it to others while they let time pass."""
        return replace(setup, party=replace(setup.party, wait=self._outside(setup.party.wait)))

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
            self._take_again()

    def _in_slot(self, play: Callable[[], T]) -> T:
        with self.one():
            return play()

    def _outside(self, wait: Callable[[float], None]) -> Callable[[float], None]:
        def outside(seconds: float) -> None:
            self._give_back()
            try:
                wait(seconds)
            finally:
                self._take_again()

        return outside

    def _give_back(self) -> None:
        with self._returning:
            self._free += 1
            self._offer()

    def _take_again(self) -> None:
        with self._returning:
            self.coming_back += 1
            self._returning.wait_for(lambda: self._free)
            self.coming_back -= 1
            self._free -= 1
            self._offer()

    def _offer(self) -> None:
        """Wake one who can use a free slot: hundreds may wait, and all but one would in vain."""
        if self._free:
            (self._returning if self.coming_back else self._beginning).notify()
