"""The record of a session, written as findings come, and the reports made of it in the end."""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tokenspec.conformance.diagnosis.shown import BROKEN
from tokenspec.conformance.machine.signals import held_back
from tokenspec.conformance.plugin.report_memory import summarised
from tokenspec.conformance.record.conclusion import Tally
from tokenspec.conformance.record.lines import RecordWriter, footer_line
from tokenspec.conformance.record.reading import read_record
from tokenspec.conformance.record.reporting import write_reports
from tokenspec.conformance.waivers.ledger import WaiverProblem
from tokenspec.reports.again import replay
from tokenspec.reports.record import Record
from tokenspec.reports.words import counted

Line = Mapping[str, Any]
RECORD = "record.ndjson"


class Recording:
    """Counts and keeps the findings of a session, each case once; safe for many threads.

    Args:
        folder: where the record and the reports go.
        fail_on: what makes the run fail.
        first_lines: header and coverage, asked for when the first line is written.
    """

    def __init__(
        self, folder: Path, fail_on: str, first_lines: Callable[[float], Iterable[Line]]
    ) -> None:
        self.tally = Tally(fail_on)
        self.shown: list[Line] = []  # of every finding what the summary shows
        self.path = folder / RECORD
        self.record: Record | None = None  # what was written, once it is whole
        self.reports: list[Path] = []
        self.unwritten: list[str] = []  # what a signal or the machine kept from being written
        self.failed = ""  # why nothing more could be written, and what to do about it
        self._first_lines = first_lines
        self._started = time.time()
        self._writer: RecordWriter | None = None
        self._lock = threading.Lock()
        self._keys: set[str] = set()  # of the findings
        self._kept = 0  # lines of findings and faults

    @property
    def again(self) -> str:
        """What plays a case of this run again; its key follows."""
        return replay(str(self.path))

    def add(self, finding: Line) -> bool:
        """A finding, as its line; whether it is the first of its case, the one that counts.

        A session may report a case several times: pytest-rerunfailures does, and workers that each
        play everything.
        """
        with self._lock:
            new = self._count(finding)
            if new:
                self._write(finding)
        return new

    def add_look(self, look: Line) -> None:
        """What a case that looks at every answer has seen, as its line."""
        with self._lock:
            self._write(look)

    def add_fault(self, fault: Line) -> None:
        """One more fault of the harness, as its line."""
        with self._lock:
            self.tally.faults += 1
            self._write(fault)

    def take_over(self, findings: Iterable[Line], looks: Iterable[Line]) -> None:
        """Begin the record with what an earlier part of the run has judged.

        It may be the one in this place, which stays until all of that is written.
        """
        with self._lock:
            known = [finding for finding in findings if self._count(finding)]
            try:
                self._open((*looks, *known))
                self._kept = len(known)
            except OSError as error:
                self._fail(str(self.path), error, "")

    def _count(self, finding: Line) -> bool:
        new = finding["key"] not in self._keys
        if new:
            self._keys.add(finding["key"])
            self.tally.add(finding)
            self.shown.append(summarised(finding))
        return new

    def conclude(
        self, problems: Sequence[WaiverProblem], cost: Mapping[str, int], formats: Iterable[str]
    ) -> None:
        """Write the footer, then the reports; nothing where nothing was recorded.

        Raises:
            KeyboardInterrupt: a report was being written; the record is whole.
        """
        self.tally.waiver_problems = len(problems)
        if self._writer is None and not self.tally.empty:
            return
        now = time.time()
        line = footer_line(self.tally, finished=now, seconds=now - self._started, cost=cost)
        with held_back() as held:
            line |= {"waivers": [problem.line() for problem in problems]}
            try:
                line |= self._causes()
            finally:  # without causes if need be, but whole
                self._write(line)
                if self._writer is not None:
                    self._writer.close()
        if self.failed:
            return
        if held.came:
            raise KeyboardInterrupt
        try:
            self.record = read_record(self.path, leave_evidence=True, own=True)
            self.reports = write_reports(self.record, self.path, formats)
        except OSError as error:
            self._fail("a report", error, self.remake)

    def _causes(self) -> dict[str, Any]:
        """What explains the findings, as a member of the footer; none where nothing is broken."""
        broken = any(self.tally.counts[verdict] for verdict in BROKEN)
        if not broken or self.failed or self._writer is None:
            return {}
        from tokenspec.conformance.diagnosis.of_record import (  # noqa: PLC0415 - loads all defects
            cause_lines,
        )

        record = read_record(self.path, leave_evidence=True, own=True)
        return {"causes": cause_lines(record.findings)}

    @property
    def remake(self) -> str:
        """The command that makes the reports again."""
        return f"tokenspec report {shlex.quote(str(self.path))}"

    def _write(self, line: Line) -> None:
        """Add a line; when the machine has refused one, nothing more is tried."""
        if self.failed:
            return
        try:
            self._open().write(line)
            self._kept += 1
        except OSError as error:
            self._fail(str(self.path), error, self._go_on)

    def _fail(self, what: str, error: OSError, then: str) -> None:
        self.tally.faults += 1
        self.failed = f"{what} cannot be written: {error.strerror or error}"
        self.failed += f"; {then}" if then else ""

    @property
    def _go_on(self) -> str:
        """What goes on from the record so far; empty where nothing is in it."""
        again = f"{counted(self._kept, 'line')} of findings are kept; run again with --resume"
        return f"{again} {self.path}" if self._kept else ""

    def _open(self, known: Iterable[Line] = ()) -> RecordWriter:
        if self._writer is None:
            first = (*self._first_lines(self._started), *known)
            self._writer = RecordWriter(self.path, first)
        return self._writer
