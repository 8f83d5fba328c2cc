"""File, scenario, case: the tree pytest collects. Ids follow `file.yaml::scenario::case`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tokenspec.conformance.errors import HarnessError, Nonconformance, TargetUnusable, UnusableFile
from tokenspec.conformance.plugin.options import RUN
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.order import waits
from tokenspec.conformance.run.selection import selected, unmatched
from tokenspec.conformance.scenario.catalogue import BUNDLED
from tokenspec.conformance.scenario.loader import load_file, load_folders
from tokenspec.conformance.scenario.model import Case, Scenario
from tokenspec.conformance.vocabulary import vocabulary

CHOSEN: set[str] = set()  # what `-k` finds an item by, when it was found long ago


class ScenarioFile(pytest.File):
    """A YAML file of scenarios."""

    def collect(self) -> Iterator[pytest.Collector]:
        """Its scenarios; a wrong file tells all its problems at once."""
        try:
            scenarios = load_file(self.path, vocabulary(), shown=_shown(self.path))
        except UnusableFile as error:
            self.config.stash[RUN].unusable += error.problems
            raise self.CollectError(str(error)) from error
        for scenario in scenarios:
            yield ScenarioNode.from_parent(self, name=scenario.id, scenario=scenario)


class ScenarioNode(pytest.Collector):
    """One scenario."""

    def __init__(self, *, scenario: Scenario, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.scenario = scenario

    def collect(self) -> Iterator[pytest.Item]:
        """Its cases."""
        for case in self.scenario.cases:
            yield CaseItem.from_parent(self, name=case.id, case=case)


class CaseItem(pytest.Item):
    """One case: waits for its finding and says what it means in pytest's words."""

    def __init__(self, *, case: Case, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.case = case
        self.finding: Finding | None = None
        self.extra_keyword_matches.update((case.requirement, case.area, *case.tags))

    def setup(self) -> None:
        """Have the case examined; what could not run is an error, not a failure.

        Raises:
            TargetUnusable: it could not run.
            HarnessError: the fault is ours.
        """
        self.finding = self.config.stash[RUN].finding(self.case)
        self.user_properties += [
            ("requirement", self.finding.requirement),
            ("level", self.finding.level),
            ("verdict", str(self.finding.verdict)),
        ]
        excuse = expected_failure(self.finding)
        if excuse:
            expected = pytest.mark.xfail(raises=Nonconformance, strict=True, reason=excuse)
            self.add_marker(expected)
        if self.finding.verdict == "could-not-run":
            raise TargetUnusable(self.finding.note or "could not run")

    def runtest(self) -> None:
        """Fail, skip or pass as the verdict has it.

        Raises:
            Nonconformance: a requirement is broken.
        """
        if self.finding is None:
            raise HarnessError(f"{self.case.key} was not examined")
        if self.finding.verdict == "not-applicable":
            pytest.skip(self.finding.note)
        if self.finding.gates or expected_failure(self.finding):
            raise Nonconformance(self.finding.observed or "nonconforming")

    def teardown(self) -> None:
        """Let the evidence go; it is on the report by now."""
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


def whole_suite(config: pytest.Config) -> Iterator[Case]:
    """Every case of the bundled scenarios and of those that `--oauth-scenarios` adds."""
    folders = [BUNDLED, *map(Path, config.getoption("oauth_scenarios") or ())]
    for scenario in load_folders(folders, vocabulary()):
        yield from scenario.cases


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the cases that `--oauth-select` names, and every item that is not ours."""
    wanted = config.getoption("oauth_select") or ()
    if not wanted:
        return
    cases = [item.case for item in items if isinstance(item, CaseItem)]
    run = config.stash[RUN]
    run.unmatched += unmatched(wanted, cases)
    keep(config, items, lambda case: selected(case, wanted))


def keep(config: pytest.Config, items: list[pytest.Item], wanted: Callable[[Case], bool]) -> None:
    """Keep the cases that are wanted, and every item that is not ours."""
    sorted_out: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        sorted_out[not isinstance(item, CaseItem) or wanted(item.case)].append(item)
    config.hook.pytest_deselected(items=sorted_out[False])
    items[:] = sorted_out[True]


def order(items: list[pytest.Item]) -> None:
    """What looks at every answer of the run goes last, and before it what lets time pass.

    Told in their places, those that wait would hold up the findings of all that come after.
    """
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    if not isinstance(item, CaseItem):
        return 0
    return 2 if item.case.every_response else int(waits(item.case))


def _shown(path: Path) -> str:
    resolved = path.resolve()
    if resolved.is_relative_to(BUNDLED):
        return str(Path(BUNDLED.name) / resolved.relative_to(BUNDLED))
    return str(path)
