"""Progress of a run: one live line on a terminal, elsewhere a plain line now and then."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Protocol

from tokenspec.reports.words import VERDICTS, counted

EVERY = {"live": 0.2, "plain": 10.0}  # seconds to the first line, and between two
SLOWER = {"live": 1.0, "plain": 1.5}  # how much longer each next line of a long run takes
LONGEST = 300.0  # seconds without a line: some CI ends what is silent
ERASE = "\r\x1b[2K"
FIRST = 8  # the time left is told when this part of all is done: the first verdicts come slowly


class Cost(Protocol):
    """What a run has taken of its target so far."""

    @property
    def requests(self) -> int:
        """Requests sent."""
        ...

    @property
    def codes(self) -> int:
        """Authorization codes used."""
        ...


def mode(asked: str | None, environ: Mapping[str, str] = os.environ) -> str:
    """Live on a terminal that can rewrite a line, and not in CI; else plain."""
    if asked:
        return asked
    able = sys.stdout.isatty() and environ.get("TERM") != "dumb" and "CI" not in environ
    return "live" if able else "plain"


class Progress:
    """Counts verdicts and shows them from a thread of its own, until it ends.

    Args:
        kind: `live` or `plain`.
        write: writes to the terminal, flushed.
        clock: monotonic seconds.
        columns: the width of the terminal, asked for each line.
        every: seconds between two lines, instead of what the kind has.
    """

    def __init__(
        self,
        kind: str,
        write: Callable[[str], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        columns: Callable[[], int] = lambda: shutil.get_terminal_size().columns,
        every: float | None = None,
    ) -> None:
        self._every = EVERY[kind] if every is None else every
        self._kind = kind
        self._write = write
        self._clock = clock
        self._columns = columns
        self._counts: Counter[str] = Counter()
        self._total = 0
        self._cost: Cost | None = None
        self._started = 0.0
        self._seen: deque[tuple[float, int]] = deque([(0.0, 0)])  # seconds, and what was done then
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, total: int, cost: Cost) -> None:
        """`total` cases are about to be examined."""
        self._total, self._cost, self._started = total, cost, self._clock()
        self._thread = threading.Thread(target=self._show_on, name="progress", daemon=True)
        self._thread.start()

    def add(self, verdict: str) -> None:
        """One more case has a verdict."""
        self._counts[verdict] += 1

    def end(self) -> None:
        """Take the live line away; may be called twice."""
        if self._thread is None:
            return
        self._over.set()
        self._thread.join()
        self._thread = None
        if self._kind == "live":
            self._write(ERASE)

    def line(self) -> str:
        """Where the run stands, in words."""
        requests, codes = (self._cost.requests, self._cost.codes) if self._cost else (0, 0)
        seconds = self._clock() - self._started
        since = self._since(seconds)
        return progress_line(self._counts, self._total, requests, codes, seconds, since=since)

    def _since(self, seconds: float) -> tuple[float, int]:
        """What was done at half the time, as far as it was seen."""
        self._seen.append((seconds, self._counts.total()))
        while len(self._seen) > 1 and self._seen[1][0] <= seconds / 2:
            self._seen.popleft()
        return self._seen[0]

    def _show_on(self) -> None:
        wait = self._every
        while not self._over.wait(wait):
            wait = min(wait * SLOWER[self._kind], LONGEST)
            if self._kind == "live":
                self._write(ERASE + self.line()[: max(self._columns() - 1, 20)])
            else:
                self._write(self.line() + "\n")


def progress_line(
    counts: Mapping[str, int],
    total: int,
    requests: int,
    codes: int,
    seconds: float,
    *,
    since: tuple[float, int] = (0.0, 0),
) -> str:
    """`142 of 271: 4 failed, 130 passed; 310 requests, 97 codes; about 8 s left`.

    `since` is how many were done after how many seconds: what was found broken comes last and takes
    longest, since it is played again, so that what is left goes by the slower of both paces.
    """
    done = sum(counts.values())
    said = [f"{counts[v.name]} {v.phrase}" for v in VERDICTS if counts.get(v.name)]
    parts = [f"{done} of {total}" + (f": {', '.join(said)}" if said else "")]
    parts.append(f"{counted(requests, 'request')}, {counted(codes, 'code')}")
    left = _left(total - done, (done, seconds), (done - since[1], seconds - since[0]))
    if done * FIRST > total and left >= 1:
        parts.append(f"about {_span(left)} left")
    return "; ".join(parts)


def _left(missing: int, *paces: tuple[int, float]) -> float:
    """Seconds that `missing` cases take at the slowest pace; 0: not to be told."""
    if any(done == 0 for done, _ in paces):
        return 0.0
    return max(seconds / done * missing for done, seconds in paces)


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
