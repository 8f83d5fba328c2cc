"""A run in the words and colours of pytest's terminal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from tokenspec.reports.causes import cause_rows, headline
from tokenspec.reports.formats import FORMATS
from tokenspec.reports.record import Record
from tokenspec.reports.summary import Summary
from tokenspec.reports.terminal import (
    Row,
    area_cells,
    could_not_run_lines,
    could_not_run_text,
    deviations,
    finding_lines,
    finding_text,
    left_out,
    lost,
    next_step,
    unsteady,
)

Line = Mapping[str, Any]
RED, GREEN, YELLOW = {"red": True}, {"green": True}, {"yellow": True}
MARKUP: Mapping[str, Mapping[str, bool]] = {
    "fail": RED | {"bold": True},
    "stale-waiver": RED | {"bold": True},
    "could-not-run": RED | {"bold": True},
    "warn": YELLOW | {"bold": True},
    "unsteady": YELLOW,
    "pass": GREEN,
    "deviation": {"cyan": True},
    "waived": {"cyan": True},
    "observe": {"cyan": True},
    "expected": GREEN,
    "got": RED,
    "again": {"bold": True},
    "none": {"light": True},
}

GRADED: Mapping[str, Mapping[str, bool]] = {
    "exploitable-now": RED | {"bold": True},
    "exploitable-with-another-fault": RED,
    "interoperability": YELLOW,
    "again": {"bold": True},
}


class Writer(Protocol):
    """What is used of pytest's terminal writer; it leaves colours out where they are not wanted."""

    def write(self, msg: str, **markup: bool) -> None:
        """Write without a line end."""
        ...

    def line(self, s: str = "", **markup: bool) -> None:
        """Write a line."""
        ...


class Shown:
    """A finding where pytest expects the representation of a failure."""

    def __init__(self, finding: Line, again: str, told: str = "") -> None:
        self._finding = finding
        self._again = again
        self._told = told  # a case that told the same
        self._broken = finding["verdict"] != "could-not-run"

    def __str__(self) -> str:
        if self._broken:
            return finding_text(self._finding, self._again, self._told)
        return could_not_run_text(self._finding, self._again, self._told)

    def toterminal(self, tw: Writer) -> None:
        """Write it with colours."""
        lines = (
            finding_lines(self._finding, self._again, self._told)
            if self._broken
            else could_not_run_lines(self._finding, self._again, self._told)
        )
        write_finding(tw, lines)


def write_finding(tw: Writer, lines: Iterable[Row]) -> None:
    """A finding, its labels dim and what matters in colour."""
    for name, label, text in lines:
        if label:
            tw.write(label, light=True)
        tw.line(text, **MARKUP.get(name, {}))


def write_areas(tw: Writer, findings: Iterable[Line]) -> None:
    """The table of verdicts by area, with deviations and what was left out below it."""
    shown = list(findings)
    for row in area_cells(shown):
        for text, verdict in row:
            tw.write(text, **MARKUP.get(verdict, {}))
        tw.line()
    for line in (*deviations(shown), *unsteady(shown), *lost(shown), *left_out(shown)):
        tw.line(line)


def write_counts(tw: Writer, findings: Iterable[Line]) -> None:
    """The verdicts of everything, in two lines; the audit page has them by area."""
    tw.line()
    head, *_areas, whole = area_cells(list(findings))
    for row in (head, whole):
        for text, verdict in row:
            tw.write(text, **MARKUP.get(verdict, {}))
        tw.line()


def write_causes(tw: Writer, record: Record | None, path: str) -> None:
    """The causes, the gravest first, so short that they fit a screen."""
    if record is None:
        return
    tw.line(headline(record), bold=True)
    for name, label, text in cause_rows(record, path):
        if label:
            tw.write(label, light=True)
        tw.line(text, **GRADED.get(name, {}))


def write_end(tw: Writer, record: Record, files: Iterable[Path]) -> None:
    """The verdict in a sentence, where the reports are, and what to do next."""
    summary = Summary.of(record)
    colour = {"fails": RED, "conforms": GREEN}.get(summary.verdict, YELLOW)
    tw.line()
    tw.write(summary.headline, bold=True, **colour)
    tw.line(f". {summary.sentence}")
    for sentence in summary.played_again:
        tw.line(sentence)
    tw.line()
    said = {form.file: form.summary for form in FORMATS.values()} | OTHERS
    named = list(files)
    width = max((len(str(path)) for path in named), default=0)
    for number, path in enumerate(named):
        label = "reports" if number == 0 else ""
        tw.write(f"{label:9}", light=True)
        tw.line(f"{path!s:{width}}  {said.get(path.name, '')}".rstrip())
    ndjson = next((str(path) for path in named if path.suffix == ".ndjson"), "record.ndjson")
    for number, line in enumerate(next_step(summary.verdict, record, ndjson)):
        tw.write(f"{'next' if number == 0 else '':9}", light=True)
        tw.line(line)


def named_alike(page: str, folder: Path) -> Path:
    """A page, which pytest-html knows by its whole path, named as the reports in `folder` are."""
    beside = folder / Path(page).name
    alike = beside.absolute() == Path(page).absolute()
    return beside if alike else Path(os.path.relpath(page))


OTHERS = {
    "record.ndjson": "the record, which all reports are made of",
    "report.html": "the run case by case",
}
