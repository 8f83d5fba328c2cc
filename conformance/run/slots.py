"""How many plays are under way at once: those that only let time pass are not counted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from conformance.run.setup import Setup


class Slots:
    """So many plays at once; safe for many threads."""

    def __init__(self, count: int) -> None:
        self._free = threading.BoundedSemaphore(count)

    @contextmanager
    def one(self) -> Iterator[None]:
        """A slot for the time of the block."""
        with self._free:
            yield

    def given_back_in_waits(self, setup: Setup) -> Setup:
        """`setup` whose plays, each in a slot, leave it to others while they let time pass."""
        return replace(setup, party=replace(setup.party, wait=self._outside(setup.party.wait)))

    def _outside(self, wait: Callable[[float], None]) -> Callable[[float], None]:
        def outside(seconds: float) -> None:
            self._free.release()
            try:
                wait(seconds)
            finally:
                self._free.acquire()

        return outside
