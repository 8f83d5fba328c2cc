"""A run of scenarios inside a pytest session: the parts of it, put together and driven."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tokenspec import __version__
from tokenspec.conformance.errors import Problem
from tokenspec.conformance.play.randomness import chosen_seed
from tokenspec.conformance.plugin.deferring import Deferring
from tokenspec.conformance.plugin.display import Display
from tokenspec.conformance.plugin.ending import Ending
from tokenspec.conformance.plugin.execution import Execution
from tokenspec.conformance.plugin.gating import Gating
from tokenspec.conformance.plugin.options import RunOptions, run_options
from tokenspec.conformance.plugin.recording import Recording
from tokenspec.conformance.plugin.report_line import ReportLines, SuiteFacts
from tokenspec.conformance.plugin.selection import Selection, cases_of
from tokenspec.conformance.plugin.target import SessionTarget
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.conclusion import Ended, ExitCode
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.record.header import header_line
from tokenspec.conformance.record.lines import coverage_line, finding_line
from tokenspec.conformance.run.suite import Suite
from tokenspec.conformance.scenario.model import Case, Place
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reports.formats import chosen

CUT_SHORT = (Ended.INTERRUPTED, Ended.TARGET_LOST, Ended.OUT_OF_TIME)
# what pytest says that is said more exactly here
REPLACED = tuple(ExitCode(code) for code in (0, 1, 2, 5))


class ScenarioRun:
    """One run of scenarios: composes its parts, begins it, ends it.

    Under pytest-xdist every worker opens the target for itself; the record is written once, by
    the controller, from what the reports carry.
    """

    def __init__(self, config: pytest.Config) -> None:
        options = run_options(config)
        self.seed = chosen_seed(options.seed, options.shard)
        config.option.oauth_seed = self.seed  # so that workers of pytest-xdist have the same
        self.problems: list[Problem] = []  # of scenario files that cannot be used
        self.places: dict[str, Place] = {}  # of the scenarios collected, by id
        self.worker = hasattr(config, "workerinput")
        self.options = options
        self.formats = _formats(options)
        self.target = SessionTarget(options)
        self.gating = Gating(options)
        self.selection = Selection(options, lambda: self.target.known)
        self.ending = Ending(lambda: self.target.lost, lambda: self.target.out_of_time)
        self.execution = Execution(self.target, self.seed, options.resume)
        self.deferring = Deferring(self.execution.settled)
        self.recording = Recording(options.report_dir, options.fail_on, self._first_lines)
        self.display = Display(config, options, self.selection, self.recording)
        self.lines = ReportLines(self.recording, self.display, self._hide, worker=self.worker)

    def register(self, manager: pytest.PytestPluginManager) -> None:
        """Have pytest call the hooks of all parts."""
        manager.register(self, "tokenspec-run")
        manager.register(self.selection, "tokenspec-selection")
        manager.register(self.lines, "tokenspec-lines")
        manager.register(self.display, "tokenspec-display")
        manager.register(self.gating, "tokenspec-gate")
        manager.register(self.ending, "tokenspec-ending")

    def examine(self, case: Case) -> Finding:
        """What is found of a case, as it counts after waivers and baseline.

        Raises:
            HarnessError: the scenario, the harness or the oracle is at fault.
        """
        return self.gating.applied(self.execution.finding(case), case)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Check the target before the first item, and queue everything."""
        cases = cases_of(session.items)
        if not cases or session.testsfailed or session.config.option.collectonly:
            return
        self.lines.arrived = True
        in_order = self.worker or bool(session.config.getoption("maxfail"))
        setup = self.execution.begin(cases, ahead=not self.worker, at_once=in_order)
        self.lines.suite = _facts(Suite(self.selection.collected, cases), setup)
        if not self.worker:
            self.display.begin(len(cases), setup.counted)
        if not in_order:
            session.config.pluginmanager.register(self.deferring, "tokenspec-deferring")
            self.deferring.begin(session.items)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
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
        self.display.end()
        recorded, tally = len(self.recording.shown), self.recording.tally
        tally.left = max(self.gating.chosen - recorded - tally.faults, 0)
        tally.empty = self.selection.nothing_left
        tally.ended = self.ending.ended(session, left=tally.left)
        cut_short = tally.ended in CUT_SHORT
        self.execution.close(cut_short=cut_short)
        tally.at_once = self.execution.at_once
        if cut_short and not self.worker:
            self._add_unclaimed()

    def _add_unclaimed(self) -> None:
        """Of a run cut short: what was played ahead of its turn is in the record as well."""
        for case, finding in self.execution.unclaimed():
            if finding.verdict is not Verdict.COULD_NOT_RUN:
                self.recording.add(finding_line(self.gating.applied(finding, case)))
                self.recording.tally.left -= 1

    def _conclude(self, session: pytest.Session) -> None:
        """Close the record and say with the exit code what the run established."""
        recording, tally = self.recording, self.recording.tally
        if self.problems and session.exitstatus == ExitCode.INTERRUPTED:
            session.exitstatus = ExitCode.WRONG_USAGE
        if self.worker or not (self.lines.arrived or tally.empty):
            return
        recording.conclude(self.gating.problems(), self.execution.cost, self.formats)
        foreign_failed = session.testsfailed > len(recording.shown) + tally.faults
        if session.exitstatus in REPLACED and not foreign_failed:
            session.exitstatus = tally.exit_code

    def _first_lines(self, started: float) -> Iterator[Mapping[str, Any]]:
        setup = self.target.setup
        facts, requirements = self.lines.suite or _facts(Suite(self.selection.collected), setup)
        settings = self.options.settings
        header = header_line(setup, started=started, suite=facts, settings=settings)
        yield header | {"seed": self.seed} | self.gating.gate.header()
        yield coverage_line(requirements)

    def _hide(self, text: str) -> str:
        return self.target.setup.redactor.text(text)


def _facts(suite: Suite, setup: Setup) -> SuiteFacts:
    return suite.facts(__version__), suite.coverage(setup.registry, setup.profile)


def _formats(options: RunOptions) -> tuple[str, ...]:
    try:
        return chosen(options.formats)
    except ValueError as error:
        raise pytest.UsageError(f"--oauth-formats: {error}") from error
