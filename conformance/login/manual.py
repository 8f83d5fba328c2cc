"""A person carries authorization requests: opens each URL, pastes where the browser ended."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tokenspec.conformance.errors import LoginBlocked
from tokenspec.conformance.http import query_parameters

TERMINAL = Path("/dev/tty")
LONGEST_LINE = 65_536  # bytes; a terminal hands out one line at a time
LOOK_SECONDS = 0.2  # between two looks whether the run was ended
OPENING = """
Open each URL in a browser that is signed in as the test user, or sign in there. Then paste here the
whole address the browser ended at, one a line, in any order. Codes expire: paste soon.
"""


@dataclass(slots=True)
class _Waiting:
    """A request someone waits for."""

    number: int
    state: str
    answer: str = ""


class CallbackPrompt:
    """Hands out URLs and takes callbacks, for as many threads as there are plays at once.

    One thread reads for all. A pasted line belongs to the request with its `state`; to the one
    whose number it begins with (`3 https://…`); or to the only one that is waiting.

    Args:
        read: the next line, empty at the end.
        write: shows a text.
    """

    def __init__(self, read: Callable[[], str], write: Callable[[str], None]) -> None:
        self._read = read
        self._write = write
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._count = 0
        self._someone_reads = False
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether nobody is asked any more."""
        return self._ended

    def stop(self) -> None:
        """Ask nobody any more; whoever waits is told."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def ask(self, url: str, _redirect_uri: str) -> str:
        """The callback that a person pastes for `url`.

        Raises:
            LoginBlocked: there is nobody to ask any more.
        """
        mine = self._hand_out(url)
        while not mine.answer:
            with self._changed:
                if self._ended:
                    raise LoginBlocked(
                        "no callback URL was entered",
                        "run it in a terminal, or pipe the callbacks in",
                    )
                if self._someone_reads:
                    self._changed.wait()
                    continue
                self._someone_reads = True
            self._read_one()
        return mine.answer

    def _hand_out(self, url: str) -> _Waiting:
        with self._changed:
            if not self._count:
                self._write(OPENING)
            self._count += 1
            mine = _Waiting(self._count, dict(query_parameters(url)).get("state", ""))
            self._waiting.append(mine)
            self._write(f"\n[{mine.number}] {url}\n")
        return mine

    def _read_one(self) -> None:
        line = self._read()
        with self._changed:
            self._someone_reads = False
            self._ended = self._ended or not line
            if line.strip():
                self._give(line.strip())
            self._changed.notify_all()

    def _give(self, line: str) -> None:
        number, _, rest = line.partition(" ")
        numbered = number.strip("[]").isdecimal() and bool(rest)
        location = rest.strip() if numbered else line
        state = dict(query_parameters(location.replace("#", "?"))).get("state", "")
        for waiting in self._waiting:
            by_number = numbered and waiting.number == int(number.strip("[]"))
            alone = not numbered and len(self._waiting) == 1
            if by_number or (state and waiting.state == state) or alone:
                waiting.answer = location
                self._waiting.remove(waiting)
                self._write(f"[{waiting.number}] taken; {len(self._waiting)} left\n")
                return
        self._write("that belongs to none of the URLs above; begin the line with its number\n")


def by_hand() -> CallbackPrompt:
    """A prompt at the terminal, whatever the test runner does with standard input and output."""
    try:
        terminal = os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY)
    except OSError:  # no terminal: callbacks may be piped in
        return CallbackPrompt(_standard_input, _standard_error)

    def write(text: str) -> None:
        os.write(terminal, text.encode())

    def read() -> str:
        """A line; empty when nobody is asked any more, so that Ctrl-C need not wait for one."""
        while not prompt.ended:
            if select.select([terminal], [], [], LOOK_SECONDS)[0]:
                return os.read(terminal, LONGEST_LINE).decode("utf-8", "replace")
        return ""

    prompt = CallbackPrompt(read, write)
    return prompt


def _standard_input() -> str:
    return sys.__stdin__.readline() if sys.__stdin__ is not None else ""


def _standard_error(text: str) -> None:
    if sys.__stderr__ is not None:
        sys.__stderr__.write(text)
        sys.__stderr__.flush()
