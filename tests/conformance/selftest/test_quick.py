"""The quick selection: chosen by what the selftest noticed."""

from __future__ import annotations

from tokenspec.conformance.registry.advisories import published_advisories
from tokenspec.conformance.run.order import takes_long
from tokenspec.conformance.run.selection import quick_list, quick_reasons
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.selftest.quick import ENOUGH, choose, reasons
from tokenspec.reference_server.alterations.defects import DEFECTS

NOTICED = {
    "broad": frozenset({"a", "b", "c"}),
    "dear": frozenset({"a", "b", "c", "d"}),
    "narrow": frozenset({"d"}),
    "idle": frozenset[str](),
}
COSTS = {"broad": 2, "dear": 9, "narrow": 1, "idle": 1}


def test_what_adds_most_for_its_cost_is_chosen_until_there_is_enough() -> None:
    assert choose(NOTICED, COSTS, (), aim=3) == ["broad"]
    assert choose(NOTICED, COSTS, (), aim=4) == ["broad", "narrow"]
    assert choose(NOTICED, COSTS, (), aim=99) == ["broad", "narrow"]
    assert choose(NOTICED, COSTS, ["dear"], aim=4) == ["dear"]


def test_each_case_is_there_for_what_none_before_it_notices() -> None:
    told = dict(reasons(["broad", "dear", "idle"], NOTICED))
    assert told == {"broad": ["a", "b", "c"], "dear": ["d"], "idle": []}


def test_the_list_names_defects_that_there_are_and_enough_of_them() -> None:
    named = [defect for why in quick_reasons().values() for defect in why]
    assert len(named) == len(set(named))
    assert set(named) <= DEFECTS.keys()
    assert len(named) >= ENOUGH * len(DEFECTS)


def test_the_list_has_a_case_of_each_advisory_that_takes_no_wait() -> None:
    cases = {case.key: case for case in whole_suite()}
    listed = [cases[key] for key in quick_list()]
    assert len(listed) < len(cases)
    assert not any(takes_long(case) for case in listed)
    tagged = {tag for case in cases.values() if not takes_long(case) for tag in case.tags}
    known = {advisory.id for advisory in published_advisories()}
    assert known & tagged <= {tag for case in listed for tag in case.tags}
