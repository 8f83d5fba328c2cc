"""Waivers and the baseline inside a pytest session: which there are, whom they cover, how they end.

A waived or known failure is an expected one in pytest's words; a waiver that is not true any more
fails the run, whatever else was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tokenspec.conformance.errors import UnusableFile
from tokenspec.conformance.plugin.options import RunOptions
from tokenspec.conformance.plugin.selection import cases_of
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.gate import Gate, open_gate
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.waivers.ledger import WaiverProblem


class Gating:
    """The gate of one run, and what it has to say."""

    def __init__(self, options: RunOptions) -> None:
        self.chosen = 0  # cases of this run
        self._options = options
        self._collected: tuple[Case, ...] = ()
        self._verdicts: dict[str, str] = {}
        self._gate: Gate | None = None

    @property
    def gate(self) -> Gate:
        """The gate, read when first asked for; a wrong file ends the session."""
        if self._gate is None:
            try:
                self._gate = open_gate(self._options.waivers, self._options.baseline)
            except UnusableFile as error:
                pytest.exit(str(error), ExitCode.WRONG_USAGE)
        return self._gate

    @property
    def partial(self) -> bool:
        """Whether cases were left out of this run."""
        return self.chosen < len(self._collected)

    def applied(self, finding: Finding, case: Case) -> Finding:
        """The finding as it counts."""
        return self.gate.applied(finding, case, partial=self.partial)

    def problems(self) -> list[WaiverProblem]:
        """The waivers that are not true any more, as far as this run can tell."""
        if not self.gate.excuses.waivers.entries:
            return []
        return self.gate.problems(self._suite(), self._verdicts, partial=self.partial)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Read the files, and see every case before any is left out."""
        self._collected = cases_of(items)
        if self._collected:
            _ = self.gate

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """See what was chosen."""
        self.chosen = len(cases_of(session.items))

    def pytest_report_collectionfinish(self) -> list[str]:
        """How many cases the waivers match."""
        text = self.gate.text(self._suite()) if self._collected else ""
        return [f"gate          {text}"] if text else []

    def add(self, finding: Mapping[str, Any]) -> None:
        """Remember each verdict, where there are waivers to hold against them."""
        if self.gate.excuses.waivers.entries:
            self._verdicts[finding["key"]] = finding["verdict"]

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Every waiver that is not true any more, by file and line."""
        found = self.problems() if self._verdicts else []
        if not found:
            return
        terminalreporter.section("waivers that are not true any more", "=", red=True)
        for problem in found:
            terminalreporter.write_line(
                f"{problem.waiver.where}: {problem.problem}: {problem.text}"
            )

    def _suite(self) -> tuple[Case, ...]:
        """Every case there is; more than was collected where a waiver matches none of those."""
        waivers = self.gate.excuses.waivers
        matched = waivers.matching(case.key for case in self._collected)
        if all(matched.values()):
            return self._collected
        known = {case.key: case for case in self._collected}
        every = whole_suite(self._options.scenarios)
        return tuple((known | {case.key: case for case in every}).values())
