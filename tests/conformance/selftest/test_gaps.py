"""The suite and its defects have no gap, and one would be seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.conformance.selftest.altered import bundled_cases
from tokenspec.conformance.registry import Registry
from tokenspec.conformance.registry.advisories import Advisory, published_advisories
from tokenspec.conformance.registry.model import Level, Requirement
from tokenspec.conformance.selftest import gaps, page
from tokenspec.conformance.selftest.matrix import Matrix, candidates, make_matrix
from tokenspec.conformance.selftest.runner import Detection, SelftestRunner
from tokenspec.conformance.selftest.servers import conforming_servers
from tokenspec.reference_server.alterations.defects import DEFECTS

TESTED = "RFC7636-4.6-mismatch_invalid_grant"
KEY = "pkce-verifier-wrong/last-character-changed"
DEFECT = "pkce.verifier_matches"


@pytest.fixture(scope="module")
def runner() -> SelftestRunner:
    """Of few cases: the selftest settles all of them, before these tests in the gate."""
    scenarios = (KEY.partition("/")[0], "code-not-issued")
    few = {k: case for k, case in bundled_cases().items() if case.scenario in scenarios}
    return SelftestRunner(few, conforming_servers())


def row(identifier: str, level: Level = Level.MUST, untestable: str = "") -> Requirement:
    return Requirement(identifier, "RFC 0", "1", level, "It is so.", "", untestable=untestable)


def kinds(found: object) -> list[tuple[str, str]]:
    return [(gap.kind, gap.where) for gap in found]  # type: ignore[attr-defined]


def test_the_page_of_requirements_is_what_the_tables_say() -> None:
    told = page.PAGE.read_text(encoding="utf-8")
    assert told == page.text(), "run: python -m tokenspec.conformance.selftest.page"


def test_every_row_has_a_case_or_a_reason_and_every_advisory_too() -> None:
    registry, cases = Registry.load(), list(bundled_cases().values())
    assert not list(gaps.uncovered(registry, cases))
    assert not list(gaps.graver(registry, cases))
    assert not list(gaps.unknown_sources(registry))
    assert not list(gaps.unfound_advisories(published_advisories(), cases))


def test_every_case_has_a_home(runner: SelftestRunner) -> None:
    runner.settle()
    assert not runner.oracle_mismatches
    assert not list(gaps.homeless(runner.cases, runner.home))
    assert kinds(gaps.homeless([KEY, "made/up"], runner.home)) == [("case unproved", "made/up")]


def test_only_what_is_asked_for_is_settled() -> None:
    one = SelftestRunner({KEY: bundled_cases()[KEY]}, conforming_servers())
    one.settle([])
    assert not one.home
    assert [found.defect for found in one.detections(DEFECT, [KEY])] == [DEFECT]
    assert one.home == {KEY: "bundled"}


def test_a_defect_is_noticed_by_the_cases_that_cite_what_it_breaks(runner: SelftestRunner) -> None:
    matrix = make_matrix(runner, [DEFECT], [], jobs=1)
    assert KEY in matrix.noticed_by(DEFECT)
    assert not list(gaps.unnoticed(matrix, [DEFECT], runner.cases))


def test_a_case_tries_the_defect_that_the_oracle_refused_by_first(runner: SelftestRunner) -> None:
    assert candidates(runner, runner.cases[KEY])[0] == DEFECT


def test_a_conforming_server_passes_and_a_broken_one_fails(runner: SelftestRunner) -> None:
    chosen = [runner.cases[KEY]]
    assert not list(gaps.false_failures("bundled", runner.examine("bundled", chosen).values()))
    found = runner.examine("bundled", chosen, [DEFECT])
    assert kinds(gaps.false_failures("broken", found.values())) == [
        ("conforming server fails", KEY)
    ]


def test_a_defect_nobody_notices_survives(runner: SelftestRunner) -> None:
    found = gaps.unnoticed(Matrix((), full=False), [DEFECT], runner.cases)
    assert kinds(found) == [("defect survives", DEFECT)]


def test_a_defect_noticed_by_strangers_alone_is_miscited(runner: SelftestRunner) -> None:
    stranger = next(
        k for k, case in runner.cases.items() if DEFECTS[DEFECT].requirement not in case.cited
    )
    matrix = Matrix((Detection(DEFECT, stranger, "fail", "accepted"),), full=False)
    assert kinds(gaps.unnoticed(matrix, [DEFECT], runner.cases)) == [("defect miscited", DEFECT)]


def test_a_case_that_notices_nothing_is_idle(runner: SelftestRunner) -> None:
    found = gaps.idle(Matrix((), full=False), [KEY], runner.cases)
    assert kinds(found) == [("case idle", KEY)]


def test_a_row_without_case_or_reason_is_a_gap_and_so_is_one_with_both(
    runner: SelftestRunner,
) -> None:
    registry = Registry.of(
        (
            row("A-1-bare"),
            row("A-1-explained", untestable="It is so."),
            row(TESTED, untestable="No."),
        )
    )
    assert kinds(gaps.uncovered(registry, [runner.cases[KEY]])) == [
        ("requirement untested", "A-1-bare"),
        ("requirement contradictory", TESTED),
    ]


def test_a_graver_row_cannot_hide_behind_a_milder_one(runner: SelftestRunner) -> None:
    registry = Registry.of((row(TESTED, Level.SHOULD), row("A-1-grave")))
    case = replace(runner.cases[KEY], also=("A-1-grave",))
    assert kinds(gaps.graver(registry, [case])) == [("requirement underweighed", KEY)]


def test_advisories_and_tags_have_to_meet(runner: SelftestRunner) -> None:
    case = replace(runner.cases[KEY], tags=("CVE-1", "CVE-3", "race"))
    advisories = [Advisory("CVE-1", "p", "v", "f"), Advisory("CVE-2", "p", "v", "f")]
    assert kinds(gaps.unfound_advisories(advisories, [case])) == [
        ("advisory unfound", "CVE-2"),
        ("tag unknown", KEY),
    ]


def test_coverage_counts_by_weight(runner: SelftestRunner) -> None:
    registry = Registry.of(
        (row(TESTED), row("A-1-bare", Level.MUST_NOT), row("A-1-no", Level.MAY, "No."))
    )
    must, should, may = gaps.coverage(registry, [runner.cases[KEY]])
    assert (must.rows, must.tested, must.testable) == (2, 1, 2)
    assert should.rows == 0
    assert (may.rows, may.untestable, may.testable) == (1, 1, 0)
