"""A run of scenarios inside a pytest session: engine, record, words in the terminal, exit code."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tokenspec import __version__
from tokenspec.conformance.errors import HarnessError, Problem, TokenspecError
from tokenspec.conformance.play.randomness import chosen_seed
from tokenspec.conformance.plugin.ending import Ending
from tokenspec.conformance.plugin.gating import Gating
from tokenspec.conformance.plugin.nodes import CaseItem
from tokenspec.conformance.plugin.progress import Progress
from tokenspec.conformance.plugin.report_memory import Reports, summarised
from tokenspec.conformance.plugin.selection import narrow
from tokenspec.conformance.plugin.terminal import (
    Shown,
    named_alike,
    write_areas,
    write_end,
    write_finding,
)
from tokenspec.conformance.preflight.opening import Opened, open_target
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.conclusion import Ended, ExitCode, Tally, exit_code_of
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.record.header import header_line
from tokenspec.conformance.record.lines import (
    RecordWriter,
    coverage_line,
    fault_line,
    finding_line,
    footer_line,
)
from tokenspec.conformance.record.reading import read_record
from tokenspec.conformance.record.reporting import write_reports
from tokenspec.conformance.record.resume import findings_of
from tokenspec.conformance.record.stored import EVIDENCE
from tokenspec.conformance.run.engine import Engine
from tokenspec.conformance.run.server_process import Wanted, started
from tokenspec.conformance.run.suite import Suite, suite_digest
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reports.again import replay
from tokenspec.reports.formats import chosen
from tokenspec.reports.record import Record
from tokenspec.reports.terminal import finding_lines, finding_text
from tokenspec.reports.words import counted

SuiteFacts = tuple[dict[str, Any], list[dict[str, Any]]]
CUT_SHORT = (Ended.INTERRUPTED, Ended.TARGET_LOST)
# what pytest says that is said more exactly here
REPLACED = tuple(ExitCode(code) for code in (0, 1, 2, 5))
SETTINGS = (
    "profile", "scenarios", "fail_on", "strict", "select", "rate", "shard", "quick",
)  # fmt: skip
REPORT_DIR = "tokenspec-report"
RECORD = "record.ndjson"
STATUS = {
    Verdict.WARN: ("warned", "w", ("WARN", {"yellow": True})),
    Verdict.DEVIATION: ("deviated", "d", ("DEVIATION", {"cyan": True})),
    Verdict.WAIVED: ("waived", "x", ("WAIVED", {"yellow": True})),
    Verdict.OBSERVE: ("observed", "o", ("OBSERVED", {"cyan": True})),
    Verdict.COULD_NOT_RUN: ("error", "E", ("COULD-NOT-RUN", {"red": True})),
}


class RunPlugin:
    """The state of one run, and the hooks that drive it.

    Under pytest-xdist every worker opens the target for itself; the record is written once, by
    the controller, from what the reports carry.
    """

    def __init__(self, config: pytest.Config, opened: Opened | None = None) -> None:
        self.config = config
        self.opened = opened
        self.tally = Tally(config.getoption("oauth_fail_on"))
        self.unusable: list[Problem] = []
        self.shown: list[Mapping[str, Any]] = []  # of every finding what the summary shows
        self.unmatched: list[str] = []  # what to say of words of --oauth-select
        self.active = False
        self.gating = Gating(config)
        self.ending = Ending(config)
        option = config.getoption
        self.seed = chosen_seed(option("oauth_seed"), option("oauth_shard"))
        config.option.oauth_seed = self.seed  # so that workers of pytest-xdist have the same
        self._resources = ExitStack()
        self._engine: Engine | None = None
        self._record: RecordWriter | None = None
        self._read: Record | None = None  # what was written, once it is whole
        self._collected: tuple[Case, ...] = ()
        self._suite: SuiteFacts | None = None  # (what the header says, the rows of the coverage)
        self._formats = _formats(config)
        self._written: list[Path] = []
        self._progress = _progress(config)
        self._reports = Reports()
        self._checked = False
        self._started = time.time()

    @property
    def engine(self) -> Engine:
        """The engine; there is one as soon as items run."""
        if self._engine is None:
            raise HarnessError("the engine was asked for before the run began")
        return self._engine

    def finding(self, case: Case) -> Finding:
        """What is found of a case, as it counts after waivers and baseline.

        Raises:
            HarnessError: the scenario, the harness or the oracle is at fault.
        """
        return self.gating.applied(self.engine.finding(case), case)

    def hand_over(self, opened: Opened) -> None:
        """Use a target that was opened and checked already; its opener closes it."""
        self.opened, self._checked = opened, True

    @property
    def again(self) -> str:
        """What plays a case of this run again; its key follows."""
        return replay(str(self.report_dir / RECORD))

    @property
    def report_dir(self) -> Path:
        """Where the record and the reports go."""
        return Path(self.config.getoption("oauth_report_dir") or REPORT_DIR)

    @property
    def target(self) -> Opened:
        """The target as opened, opened now if it was not."""
        if self.opened is None:
            self.opened = self._open()
        return self.opened

    @property
    def setup(self) -> Setup:
        """What is known of the target, opened now if it was not."""
        return self.target.setup

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Keep what the options leave; what looks at every answer goes last."""
        self._collected = tuple(item.case for item in items if isinstance(item, CaseItem))
        self.tally.empty = narrow(config, items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Check the target before the first item, and queue everything."""
        cases = [item.case for item in session.items if isinstance(item, CaseItem)]
        if not cases or session.testsfailed or self.config.option.collectonly:
            return
        self.active = True
        target = self.target
        try:
            if not self._checked:
                target.make_ready()
            setup = target.setup
            resumed = self.config.getoption("oauth_resume")
            known = findings_of(Path(resumed), setup) if resumed else {}
        except TokenspecError as error:
            pytest.exit(str(error), exit_code_of(error))
        jobs = setup.target.limits.jobs
        self._engine = Engine(setup, cases, jobs=jobs, known=known, seed=self.seed)
        suite = Suite(self._collected, tuple(cases))
        self._suite = suite.facts(__version__), suite.coverage(setup.registry, setup.profile)
        if not hasattr(self.config, "workerinput"):
            self._engine.submit(cases)
            if self._progress is not None:
                self._progress.begin(len(cases), setup.counted)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, Any, Any]:
        """Put the finding on the report, where the record, the terminal and the page read it."""
        report = yield
        if not isinstance(item, CaseItem) or call.when == "teardown":
            return report
        if self._suite and hasattr(self.config, "workerinput"):
            report.tokenspec_suite, self._suite = self._suite, None  # told once to the controller
        finding = item.finding
        if finding is None:
            if call.excinfo is not None and not call.excinfo.errisinstance(KeyboardInterrupt):
                report.longrepr = str(call.excinfo.value)
                message = self.setup.redactor.text(report.longrepr)
                report.tokenspec_fault = fault_line(item.case.key, message)
            return report
        ended = call.when == "call" or call.excinfo is not None
        report.duration = finding.seconds if ended else 0.0  # of the play, not of waiting for it
        if ended:
            report.tokenspec = finding_line(finding)
        could_not_run = call.when == "setup" and call.excinfo is not None
        if could_not_run or (finding.gates and call.when == "call"):
            report.longrepr = Shown(finding_line(finding), self.again)
        elif finding.verdict is Verdict.WARN and call.when == "call":
            report.sections.append(("finding", finding_text(finding_line(finding), self.again)))
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> Generator[None, None, None]:
        """Count and record a finding; when everybody has seen its reports, make them small."""
        self._count(report)
        yield
        self._reports.seen(report)

    def _count(self, report: Any) -> None:
        """Not on a worker, whose controller does it."""
        if hasattr(self.config, "workerinput"):
            return
        self._suite = getattr(report, "tokenspec_suite", self._suite)
        fault = getattr(report, "tokenspec_fault", None)
        if fault is not None:
            self.active = True
            self.tally.faults += 1
            self._writer().write(fault)
        line = getattr(report, "tokenspec", None)
        if line is None:
            return
        self.active = True
        self._keep(line)
        if self._progress is not None:
            self._progress.add(line["verdict"])
        if line["verdict"] != Verdict.WARN:  # which is told once more in the summary
            # the evidence is in the record, and nothing else needs it
            report.tokenspec = {name: line[name] for name in line if name not in EVIDENCE}

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, Any] | None:
        """Words of our own for warnings, observations and what could not run."""
        line = getattr(report, "tokenspec", None)
        if not line:
            return None
        status = STATUS.get(line["verdict"])
        if self._progress is None:
            return status
        return (status[0] if status else report.outcome), "", ""  # the progress tells it

    def pytest_report_header(self) -> list[str]:
        """The target file, where one is given."""
        target = self.config.getoption("oauth_target")
        return [f"tokenspec: target {target}"] if target else []

    def pytest_report_collectionfinish(self, items: list[pytest.Item]) -> list[str]:
        """How much of the suite is about to run."""
        chosen = [item.case for item in items if isinstance(item, CaseItem)]
        if not chosen:
            return []
        areas = len({case.area for case in chosen})
        digest = suite_digest(self._collected)[:12]
        whole = f"{len(chosen)} of " if len(chosen) < len(self._collected) else ""
        cases = whole + counted(len(self._collected), "case")
        return [f"suite         {cases} in {counted(areas, 'area')}, digest {digest}…"]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Warnings in full, the verdicts by area, where the reports are."""
        for text in self.unmatched:
            terminalreporter.write_line(text, yellow=True)
        if not self.shown:
            return
        terminal = self.config.get_terminal_writer()
        for report in terminalreporter.stats.get("warned", ()):
            terminalreporter.section(report.tokenspec["key"], "_", yellow=True)
            write_finding(terminal, finding_lines(report.tokenspec, self.again))
        terminalreporter.section("verdicts", "=")
        write_areas(terminal, self.shown)
        if self._record is not None and self._read is not None:
            page = self.config.getoption("htmlpath", None)
            pages = [named_alike(page, self.report_dir)] if page else []
            write_end(terminal, self._read, [*self._written, *pages, self._record.path])

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """End the run; when others have written theirs, write the reports and say the exit code.

        One after the other, as each needs much memory for a moment.
        """
        self._end(session)
        try:
            yield
        finally:
            self._conclude(session)

    def _end(self, session: pytest.Session) -> None:
        """Nothing is played any more, and what was played is in the record."""
        if self._progress is not None:
            self._progress.end()
        self.tally.left = max(self.gating.chosen - len(self.shown) - self.tally.faults, 0)
        self.tally.ended = self.ending.ended(session, left=self.tally.left)
        self._close()
        self._keep_untold()

    def _conclude(self, session: pytest.Session) -> None:
        """Close the record and say with the exit code what the run established."""
        if self.unusable and session.exitstatus == ExitCode.INTERRUPTED:
            session.exitstatus = ExitCode.WRONG_USAGE
        if hasattr(self.config, "workerinput") or not (self.active or self.tally.empty):
            return
        problems = self.gating.problems()
        self.tally.waiver_problems = len(problems)
        if self._record is not None or self.tally.empty:
            now = time.time()
            seconds = now - self._started
            line = footer_line(self.tally, finished=now, seconds=seconds, cost=self._cost())
            writer = self._writer()
            writer.write(line | {"waivers": [problem.line() for problem in problems]})
            writer.close()
            self._read = read_record(writer.path, leave_evidence=True)
            self._written = write_reports(self._read, writer.path, self._formats)
        foreign_failed = session.testsfailed > len(self.shown) + self.tally.faults
        if session.exitstatus in REPLACED and not foreign_failed:
            session.exitstatus = self.tally.exit_code

    def _keep(self, line: dict[str, Any]) -> None:
        self.tally.add(line)
        self.shown.append(summarised(line))
        self._writer().write(line)

    def _keep_untold(self) -> None:
        """Of a run cut short: what was played ahead of its turn is in the record as well."""
        worker = hasattr(self.config, "workerinput")
        if self._engine is None or worker or self.tally.ended not in CUT_SHORT:
            return
        for case, finding in self._engine.unclaimed():
            if finding.verdict is not Verdict.COULD_NOT_RUN:
                self._keep(finding_line(self.gating.applied(finding, case)))
                self.tally.left -= 1

    def _close(self) -> None:
        """End what is under way, and what was opened here."""
        if self.opened is not None and self.tally.ended in CUT_SHORT:
            self.opened.stop()
        if self._engine is not None:
            self._engine.close()
        if self.opened is not None and not self._checked:
            self.opened.close()
        self._resources.close()

    def _writer(self) -> RecordWriter:
        if self._record is None:
            facts, requirements = self._suite or self._nothing_chosen()
            option = self.config.getoption
            settings = {name: option(f"oauth_{name}") for name in SETTINGS}
            self._record = RecordWriter(self.report_dir / RECORD)
            line = header_line(self.setup, started=self._started, suite=facts, settings=settings)
            self._record.write(line | {"seed": self.seed} | self.gating.gate.header())
            self._record.write(coverage_line(requirements))
        return self._record

    def _nothing_chosen(self) -> SuiteFacts:
        suite, setup = Suite(self._collected), self.setup
        return suite.facts(__version__), suite.coverage(setup.registry, setup.profile)

    def _cost(self) -> dict[str, int]:
        """What the run took of the target; not known where workers sent the requests."""
        if self._engine is None:
            return {}
        counted = self.setup.counted
        return {"requests": counted.requests, "codes": counted.codes}

    def _open(self) -> Opened:
        option = self.config.getoption
        path = option("oauth_target")
        try:
            wanted = Wanted(
                option("oauth_start") or "",
                option("oauth_wait_for") or "",
                option("oauth_wait_seconds"),
            )
            self._resources.enter_context(started(wanted))
            return open_target(
                Path(path) if path else None,
                os.environ,
                profile=option("oauth_profile") or "",
                jobs=option("oauth_jobs"),
                rate=option("oauth_rate"),
                strict=option("oauth_strict"),
            )
        except TokenspecError as error:
            pytest.exit(str(error), exit_code_of(error))


def _progress(config: pytest.Config) -> Progress | None:
    """None where pytest's own dots do, as in a plain `pytest`."""
    kind = config.getoption("oauth_progress")
    if kind not in ("live", "plain"):
        return None
    return Progress(kind, lambda text: config.get_terminal_writer().write(text, flush=True))


def _formats(config: pytest.Config) -> tuple[str, ...]:
    try:
        return chosen(config.getoption("oauth_formats") or ())
    except ValueError as error:
        raise pytest.UsageError(f"--oauth-formats: {error}") from error
