"""A run of scenarios inside a pytest session: the parts of it, put together and driven."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from tokenspec import __version__
from tokenspec.conformance.errors import Problem, TokenspecError
from tokenspec.conformance.machine.faults import foreseen, told
from tokenspec.conformance.machine.folder import claimed
from tokenspec.conformance.machine.signals import held_back
from tokenspec.conformance.play.randomness import chosen_seed
from tokenspec.conformance.plugin.deferring import Deferring
from tokenspec.conformance.plugin.display import Display
from tokenspec.conformance.plugin.ending import Ending
from tokenspec.conformance.plugin.execution import Execution
from tokenspec.conformance.plugin.gating import Gating
from tokenspec.conformance.plugin.nodes import CaseItem
from tokenspec.conformance.plugin.options import RunOptions, run_options, wants_page
from tokenspec.conformance.plugin.recording import Recording
from tokenspec.conformance.plugin.report_line import ReportLines, SuiteFacts
from tokenspec.conformance.plugin.selection import Selection, cases_of
from tokenspec.conformance.plugin.target import SessionTarget
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.conclusion import Ended, ExitCode, exit_code_of
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.record.header import header_line
from tokenspec.conformance.record.lines import coverage_line, finding_line, look_line
from tokenspec.conformance.record.look import LookedAt
from tokenspec.conformance.run.oracle_plays import OracleShare
from tokenspec.conformance.run.suite import Suite
from tokenspec.conformance.scenario.model import Case, Place
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reports.formats import chosen

OURS = str(Path(__file__).parents[2])  # where our code is
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
        self._folder = ExitStack()  # kept from other runs
        self._cases: dict[str, Case] = {}  # of this run, by key
        self.formats = _formats(options)
        self.target = SessionTarget(options)
        self.gating = Gating(options)
        self.selection = Selection(options, lambda: self.target.known)
        self.ending = Ending(
            lambda: self.target.lost,
            lambda: self.target.out_of_time,
            lambda: self.recording.failed,
        )
        self.execution = Execution(
            self.target, self.seed, OracleShare(options.oracle), options.resume
        )
        self.deferring = Deferring(self.execution.settled)
        self.recording = Recording(options.report_dir, options.fail_on, self._first_lines)
        self.display = Display(config, options, self.selection, self.recording)
        self.lines = ReportLines(self.recording, self.record, self._hide, worker=self.worker)

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

    def record(self, line: dict[str, Any]) -> None:
        """Keep a finding, unless its case has one."""
        if self.recording.add(line):
            self.display.add(line["verdict"])
            self.gating.add(line)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Check the target before the first item, and queue everything."""
        cases = cases_of(session.items)
        if not cases or session.testsfailed or session.config.option.collectonly:
            return
        if not self.worker:
            self._claim_folder()
        self.lines.arrived = True
        in_order = self.worker or bool(session.config.getoption("maxfail"))
        setup = self.execution.open(cases)
        self.lines.suite = _facts(Suite(self.selection.collected, cases), setup)
        self._cases = {case.key: case for case in cases}
        if not self.worker:
            self.display.begin(len(cases), setup.counted)
            self._take_over()
        self.execution.begin(
            cases,
            ahead=not self.worker,
            at_once=in_order,
            on_finding=self._on_finding,
            on_look=self._on_look,
        )
        if not in_order:
            session.config.pluginmanager.register(self.deferring, "tokenspec-deferring")
            self.deferring.begin(session.items)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """A case has one finding, however often its item is run before the next one's turn."""
        try:
            return (yield)
        finally:
            if isinstance(item, CaseItem):
                item.forget()

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        """End the run; when others have written theirs, write the reports and say the exit code.

        One after the other, as each needs much memory for a moment. A signal that comes meanwhile
        ends what is being written, and nothing else.
        """
        with held_back() as held:
            self._end(session)
        interrupted = held.came
        try:
            yield
        except (KeyboardInterrupt, OSError) as error:
            interrupted = self._unwritten("a page", error) or interrupted
            _remove_page(session.config)
        try:
            self._conclude(session)
        except KeyboardInterrupt as error:
            interrupted = self._unwritten("a report", error)
        except Exception as error:  # noqa: BLE001 - what is beyond is a traceback
            session.exitstatus = ExitCode.HARNESS_FAULT
            self.recording.unwritten.append(told(error))
        if interrupted:
            session.exitstatus = ExitCode.INTERRUPTED
        self._folder.close()

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(
        self, excrepr: Any, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> None:
        """A fault of ours is a sentence in place of the traceback that pytest would print."""
        if any(OURS in str(entry.path) for entry in excinfo.traceback):
            tell_in_a_sentence(excrepr, excinfo)

    def _unwritten(self, what: str, error: BaseException) -> bool:
        """Say what was not written; whether a signal was why."""
        recording = self.recording
        interrupted = isinstance(error, KeyboardInterrupt)
        reason = "interrupted" if interrupted else getattr(error, "strerror", None) or str(error)
        recording.tally.faults += not interrupted
        recording.unwritten.append(f"{what} was not written: {reason}; {recording.remake}")
        return interrupted

    def _claim_folder(self) -> None:
        """Keep other runs from the folder, before anything is sent; without it nothing is."""
        try:
            self._folder.enter_context(claimed(self.options.report_dir))
        except TokenspecError as error:
            pytest.exit(str(error), exit_code_of(error))

    def _end(self, session: pytest.Session) -> None:
        """Nothing is played any more, and what was played is in the record."""
        self.display.end()
        tally = self.recording.tally
        cut_short = self.ending.ended(session, left=self._left) in CUT_SHORT
        self.execution.close(cut_short=cut_short)
        if cut_short and not self.worker:
            self._add_unclaimed()
        tally.left = self._left
        tally.ended = self.ending.ended(session, left=tally.left)
        tally.at_once = self.execution.at_once
        tally.empty = self.selection.nothing_left

    @property
    def _left(self) -> int:
        """How many cases of the run have no finding."""
        recorded = len(self.recording.shown) + self.recording.tally.faults
        return max(self.gating.chosen - recorded, 0)

    def _take_over(self) -> None:
        """Have what is known already in the record before anything else is."""
        known = self.execution.known
        if known.findings:
            lines = [self._counting(found) for found in known.findings.values()]
            self.recording.take_over(lines, map(look_line, known.looks))

    def _on_finding(self, finding: Finding) -> None:
        if not self.worker:
            self.record(self._counting(finding))

    def _on_look(self, look: LookedAt) -> None:
        if not self.worker:
            self.recording.add_look(look_line(look))

    def _counting(self, finding: Finding) -> dict[str, Any]:
        """The line of a finding as it counts."""
        return finding_line(self.gating.applied(finding, self._cases[finding.key]))

    def _add_unclaimed(self) -> None:
        """Of a run cut short: what was found once and not confirmed is in the record as well."""
        for finding in self.execution.unclaimed():
            if finding.verdict is not Verdict.COULD_NOT_RUN:
                self.record(self._counting(finding))

    def _conclude(self, session: pytest.Session) -> None:
        """Close the record and say with the exit code what the run established."""
        recording, tally = self.recording, self.recording.tally
        if self.problems and session.exitstatus == ExitCode.INTERRUPTED:
            session.exitstatus = ExitCode.WRONG_USAGE
        if self.worker or not (self.lines.arrived or tally.empty):
            return
        recording.conclude(self.gating.problems(), self.execution.cost, self.formats)
        if self.display.short:
            session.config.option.tbstyle = "no"  # the causes are told; the record has the rest
        if session.exitstatus in REPLACED and not self.lines.foreign_failed:
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


def tell_in_a_sentence(excrepr: Any, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Have pytest's terminal show a sentence of ours where it would show a traceback."""
    error = excinfo.value
    known = foreseen(error) if isinstance(error, OSError) else None
    said = f"tokenspec: {known or told(error)}"
    excrepr.toterminal = lambda writer: writer.line(said)


def _remove_page(config: pytest.Config) -> None:
    """Nobody should read half of pytest-html's page."""
    path = config.getoption("htmlpath", None)
    if path and wants_page(config):
        with suppress(OSError):
            Path(path).unlink()


def _facts(suite: Suite, setup: Setup) -> SuiteFacts:
    return suite.facts(__version__), suite.coverage(setup.registry, setup.profile)


def _formats(options: RunOptions) -> tuple[str, ...]:
    try:
        return chosen(options.formats)
    except ValueError as error:
        raise pytest.UsageError(f"--oauth-formats: {error}") from error
