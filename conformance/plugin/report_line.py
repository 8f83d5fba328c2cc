"""A finding on pytest's report: from the process that played a case to the one that records it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest

from tokenspec.conformance.errors import TokenspecError
from tokenspec.conformance.machine.faults import told
from tokenspec.conformance.plugin.nodes import CaseItem
from tokenspec.conformance.plugin.recording import Recording
from tokenspec.conformance.plugin.report_memory import ReportMemory
from tokenspec.conformance.plugin.terminal import Shown
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.record.lines import fault_line, finding_line
from tokenspec.conformance.record.stored import EVIDENCE
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reports.symptoms import Told
from tokenspec.reports.terminal import PREMISE, finding_text

# of the suite: what the header says, the rows of the coverage
SuiteFacts = tuple[dict[str, Any], list[dict[str, Any]]]


class ReportLines:
    """Puts the line of a finding on its report, and hands each report that arrives on.

    Under pytest-xdist the workers do the first and the controller does the second. The facts of the
    suite, which only workers have, travel with the first report of each.

    Args:
        recording: where a fault goes.
        record: keeps a finding.
        hide: replaces secrets in a text.
        worker: whether this process is one of several that play.
    """

    def __init__(
        self,
        recording: Recording,
        record: Callable[[dict[str, Any]], None],
        hide: Callable[[str], str],
        *,
        worker: bool,
    ) -> None:
        self.suite: SuiteFacts | None = None
        self.arrived = False  # a finding or fault has
        self.foreign_failed = False  # something that is no case of ours
        self._recording = recording
        self._record = record
        self._hide = hide
        self._worker = worker
        self._memory = ReportMemory()
        self._causes: dict[str, str] = {}  # why cases could not run, with the first of each
        self._symptoms = Told()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, Any, Any]:
        """Put the finding on the report, where the record, the terminal and the page read it."""
        report = yield
        if not isinstance(item, CaseItem) or call.when == "teardown":
            return report
        if self.suite and self._worker:
            report.tokenspec_suite, self.suite = self.suite, None  # once is enough
        if item.finding is not None:
            self._put(item.finding, report, call)
        elif call.excinfo is not None and not call.excinfo.errisinstance(KeyboardInterrupt):
            error = call.excinfo.value
            report.longrepr = str(error) if isinstance(error, TokenspecError) else told(error)
            report.tokenspec_fault = fault_line(item.case.key, self._hide(report.longrepr))
        return report

    def _put(self, finding: Finding, report: Any, call: pytest.CallInfo[None]) -> None:
        ended = call.when == "call" or call.excinfo is not None
        report.duration = finding.seconds if ended else 0.0  # of the play, not of waiting for it
        if not ended:
            return
        line = report.tokenspec = finding_line(finding)
        could_not_run = call.when == "setup"
        if could_not_run or finding.gates:
            report.longrepr = Shown(line, self._recording.again, self._told(line))
        elif finding.verdict is Verdict.WARN:
            report.sections.append(("finding", finding_text(line, self._recording.again)))

    def _told(self, line: dict[str, Any]) -> str:
        """The case that told the same already; empty if this is the first."""
        if not line["note"].startswith(PREMISE):
            return self._symptoms.before(line)
        first = self._causes.setdefault(line["note"], line["key"])
        return "" if first == line["key"] else first

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> Generator[None, None, None]:
        """Count and record a finding; when everybody has seen its reports, make them small."""
        if not self._worker:  # whose controller does it
            self._hand_on(report)
        yield
        self._memory.seen(report)

    def _hand_on(self, report: Any) -> None:
        self.suite = getattr(report, "tokenspec_suite", self.suite)
        fault = getattr(report, "tokenspec_fault", None)
        if fault is not None:
            self.arrived = True
            self._recording.add_fault(fault)
        line = getattr(report, "tokenspec", None)
        if line is None:
            self.foreign_failed |= report.failed and fault is None
            return
        self.arrived = True
        self._record(line)
        if line["verdict"] != Verdict.WARN:  # which is shown once more in the summary
            # the evidence is in the record, and nothing else needs it
            report.tokenspec = {name: line[name] for name in line if name not in EVIDENCE}
