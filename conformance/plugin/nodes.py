"""File, scenario, case: the tree pytest collects. Ids follow `file.yaml::scenario::case`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tokenspec.conformance.errors import (
    HarnessError,
    Nonconformance,
    Problem,
    TargetUnusable,
    UnusableFile,
)
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.scenario.duplicates import duplicates
from tokenspec.conformance.scenario.loader import load_file
from tokenspec.conformance.scenario.model import Case, Place, Scenario
from tokenspec.conformance.vocabulary import vocabulary

Examine = Callable[[Case], Finding]
CHOSEN: set[str] = set()  # what `-k` finds an item by, when it was found long ago


class ScenarioFile(pytest.File):
    """A YAML file of scenarios.

    Args:
        examine: gives the finding of a case.
        problems: where those of a wrong file are added.
        places: where each scenario id was met first; added to.
        arguments: what pytest gives every node.
    """

    def __init__(
        self,
        *,
        examine: Examine,
        problems: list[Problem],
        places: dict[str, Place],
        **arguments: Any,
    ) -> None:
        super().__init__(**arguments)
        self.examine = examine
        self._problems = problems
        self._places = places

    def collect(self) -> Iterator[pytest.Collector]:
        """Its scenarios; of a wrong file all problems at once."""
        try:
            scenarios = self._load()
        except UnusableFile as error:
            self._problems += error.problems
            raise self.CollectError(str(error)) from error
        for scenario in scenarios:
            yield ScenarioNode.from_parent(
                self, name=scenario.id, scenario=scenario, examine=self.examine
            )

    def _load(self) -> list[Scenario]:
        scenarios = load_file(self.path, vocabulary())
        taken = list(duplicates(scenarios, self._places))
        if taken:
            raise UnusableFile(taken)
        return scenarios


class ScenarioNode(pytest.Collector):
    """One scenario."""

    def __init__(self, *, scenario: Scenario, examine: Examine, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.scenario = scenario
        self.examine = examine

    def collect(self) -> Iterator[pytest.Item]:
        """Its cases."""
        for case in self.scenario.cases:
            yield CaseItem.from_parent(self, name=case.id, case=case, examine=self.examine)


class CaseItem(pytest.Item):
    """One case: waits for its finding and says what it means in pytest's words."""

    def __init__(self, *, case: Case, examine: Examine, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.case = case
        self._examine = examine
        self.finding: Finding | None = None
        self.extra_keyword_matches.update((case.requirement, case.area, *case.tags))

    def setup(self) -> None:
        """Have the case examined; what could not run is an error, not a failure.

        Raises:
            TargetUnusable: it could not run.
            HarnessError: the fault is ours.
        """
        if self.finding is None:
            self.finding = self._found()
        if self.finding.verdict == "could-not-run":
            raise TargetUnusable(self.finding.note or "could not run")

    def _found(self) -> Finding:
        finding = self._examine(self.case)
        self.user_properties += [
            ("requirement", finding.requirement),
            ("level", finding.level),
            ("verdict", str(finding.verdict)),
        ]
        excuse = expected_failure(finding)
        if excuse:
            expected = pytest.mark.xfail(raises=Nonconformance, strict=True, reason=excuse)
            self.add_marker(expected)
        return finding

    def runtest(self) -> None:
        """Fail, skip or pass as the verdict has it.

        Raises:
            Nonconformance: a requirement is broken.
        """
        if self.finding is None:
            raise HarnessError(f"{self.case.key} was not examined")
        if self.finding.verdict in ("not-applicable", "unsteady"):
            pytest.skip(self.finding.note)
        if self.finding.gates or expected_failure(self.finding):
            raise Nonconformance(self.finding.observed or "nonconforming")

    def forget(self) -> None:
        """Let the evidence go; it is on the reports by now."""
        self.finding = None
        self.user_properties = []
        self.extra_keyword_matches = CHOSEN

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What is broken, without the way to it through the harness, which takes long to show."""
        if isinstance(excinfo.value, Nonconformance):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the case stands, and its name in full."""
        return self.path, self.case.place.line - 1, f"{self.case.key}: {self.case.title}"


def expected_failure(finding: Finding) -> str:
    """Why a failure does not count; empty where there is none, or where it does."""
    if finding.verdict == "waived" and finding.waiver is not None:
        return f"waived until {finding.waiver.expires}: {finding.waiver.reason}"
    return "as in the baseline" if finding.known and finding.verdict == "fail" else ""
