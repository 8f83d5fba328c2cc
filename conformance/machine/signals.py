"""Signals that end a command: each as Ctrl-C, and held back where something must not be cut."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = ("SIGINT", "SIGTERM", "SIGHUP")


class Held:
    """Whether a signal came while it was held back."""

    def __init__(self) -> None:
        self.came = False

    def note(self, _number: int, _frame: FrameType | None) -> None:
        """Remember it."""
        self.came = True


@contextmanager
def heeded() -> Iterator[None]:
    """Within the block all of them interrupt as Ctrl-C does, but those that are ignored already."""
    with _handled(signal.default_int_handler):
        yield


@contextmanager
def held_back() -> Iterator[Held]:
    """Within the block none of them interrupts; afterwards it is known whether one came."""
    held = Held()
    with _handled(held.note):
        yield held


@contextmanager
def _handled(handler: signal._HANDLER) -> Iterator[None]:
    """Only the main thread may say what becomes of a signal, and only it is interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    found = [getattr(signal, name) for name in ENDING if hasattr(signal, name)]
    before = {one: signal.getsignal(one) for one in found}
    heard = [one for one, old in before.items() if old not in (signal.SIG_IGN, None)]
    for one in heard:
        signal.signal(one, handler)
    try:
        yield
    finally:
        for one in heard:
            signal.signal(one, before[one])
