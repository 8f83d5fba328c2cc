"""What a session of scenarios shows in pytest's terminal: its part, its progress, its summary."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tokenspec.conformance.plugin.options import RunOptions
from tokenspec.conformance.plugin.progress import Cost, Progress
from tokenspec.conformance.plugin.recording import Recording
from tokenspec.conformance.plugin.selection import Selection, cases_of
from tokenspec.conformance.plugin.terminal import (
    named_alike,
    write_areas,
    write_causes,
    write_counts,
    write_end,
    write_finding,
)
from tokenspec.conformance.scenario.digest import suite_digest
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reports.formats import FORMATS
from tokenspec.reports.symptoms import alike
from tokenspec.reports.terminal import alike_lines, finding_lines
from tokenspec.reports.words import counted

STATUS = {
    Verdict.WARN: ("warned", "w", ("WARN", {"yellow": True})),
    Verdict.UNSTEADY: ("unsteady", "u", ("UNSTEADY", {"yellow": True})),
    Verdict.DEVIATION: ("deviated", "d", ("DEVIATION", {"cyan": True})),
    Verdict.WAIVED: ("waived", "x", ("WAIVED", {"yellow": True})),
    Verdict.OBSERVE: ("observed", "o", ("OBSERVED", {"cyan": True})),
    Verdict.COULD_NOT_RUN: ("error", "E", ("COULD-NOT-RUN", {"red": True})),
}

# findings that are told one by one; more of them than these are told by cause
TOLD = ("fail", "stale-waiver", "warn")
FEW = 3


class Display:
    """Hooks of pytest's terminal; they change nothing of the run."""

    def __init__(
        self,
        config: pytest.Config,
        options: RunOptions,
        selection: Selection,
        recording: Recording,
    ) -> None:
        self._config = config
        self._target = options.target
        self._selection = selection
        self._recording = recording
        self._progress = _progress(options.progress, config)

    def begin(self, total: int, cost: Cost) -> None:
        """`total` cases are about to be examined."""
        if self._progress is not None:
            self._progress.begin(total, cost)

    def add(self, verdict: str) -> None:
        """One more case has a verdict."""
        if self._progress is not None:
            self._progress.add(verdict)

    def end(self) -> None:
        """No case is examined any more."""
        if self._progress is not None:
            self._progress.end()

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, Any] | None:
        """Words of our own for warnings, observations and what could not run."""
        line = getattr(report, "tokenspec", None)
        if not line:
            return None
        status = STATUS.get(line["verdict"])
        if self._progress is None:
            return status
        return (status[0] if status else report.outcome), "", ""  # the progress shows it

    def pytest_report_header(self) -> list[str]:
        """The target file, where one is given."""
        return [f"tokenspec: target {self._target}"] if self._target else []

    def pytest_report_collectionfinish(self, items: list[pytest.Item]) -> list[str]:
        """How much of the suite is about to run."""
        chosen, collected = cases_of(items), self._selection.collected
        if not chosen or not collected:  # interrupted before they were looked through
            return []
        areas = len({case.area for case in chosen})
        part = f"{len(chosen)} of " if len(chosen) < len(collected) else ""
        cases = part + counted(len(collected), "case")
        digest = suite_digest(collected)[:12]
        return [f"suite         {cases} in {counted(areas, 'area')}, digest {digest}…"]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Warnings, what is the same once, the verdicts by area, where the reports are."""
        recording = self._recording
        for text in self._selection.unmatched:
            terminalreporter.write_line(text, yellow=True)
        for text in (*recording.unwritten, *filter(None, (recording.failed,))):
            terminalreporter.write_line(f"tokenspec: {text}", red=True)
        if not recording.shown:
            return
        terminal = self._config.get_terminal_writer()
        if self.short:
            terminalreporter.section("causes", "=")
            write_causes(terminal, recording.record, str(recording.path))
            self._write_end(terminal, areas=False)
            return
        warned = (report.tokenspec for report in terminalreporter.stats.get("warned", ()))
        for first, *others in alike(warned):
            terminalreporter.section(first["key"], "_", yellow=True)
            write_finding(terminal, finding_lines(first, recording.again))
            write_finding(terminal, alike_lines(others))
        terminalreporter.section("verdicts", "=")
        self._write_end(terminal, areas=True)

    @property
    def short(self) -> bool:
        """Whether causes are told in the place of findings, as those are too many to be read."""
        counts = self._recording.tally.counts
        many = sum(counts[verdict] for verdict in TOLD) > FEW
        record, wanted = self._recording.record, self._config.get_verbosity() <= 0
        return many and wanted and record is not None and bool(record.causes)

    def _write_end(self, terminal: Any, *, areas: bool) -> None:
        recording = self._recording
        if areas:
            write_areas(terminal, recording.shown)
        else:
            write_counts(terminal, recording.shown)
        if recording.record is not None:
            page = self._config.getoption("htmlpath", None)
            pages = [named_alike(page, recording.path.parent)] if page else []
            files = [*recording.reports, *pages, recording.path]
            write_end(terminal, recording.record, files)
            terminal.write(workflow_annotations(recording.reports, os.environ))


def workflow_annotations(reports: Iterable[Path], environ: Mapping[str, str]) -> str:
    """What GitHub Actions reads, where they run this and it was asked for."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return ""
    name = FORMATS["github"].file
    return "".join(path.read_text("utf-8") for path in reports if path.name == name)


def _progress(kind: str, config: pytest.Config) -> Progress | None:
    """None where pytest's own dots do, as in a plain `pytest`."""
    if kind not in ("live", "plain"):
        return None
    return Progress(kind, lambda text: config.get_terminal_writer().write(text, flush=True))
