"""The triangle is closed, and a hole in it would be seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tokenspec.conformance.registry import Registry
from tokenspec.conformance.registry.flaws import Flaw, published_flaws
from tokenspec.conformance.registry.model import Level, Requirement
from tokenspec.conformance.selftest import gaps as holes
from tokenspec.conformance.selftest import page
from tokenspec.conformance.selftest.matrix import Matrix, candidates, make_matrix
from tokenspec.conformance.selftest.runner import Kill, Workshop, workshop
from tokenspec.reference_server.defects import DEFECTS

TESTED = "RFC7636-4.6-mismatch_invalid_grant"
KEY = "pkce-verifier-wrong/last-character-changed"
DEFECT = "pkce.verifier_matches"


@pytest.fixture(scope="module")
def shop() -> Workshop:
    return workshop()


def row(identifier: str, level: Level = Level.MUST, untestable: str = "") -> Requirement:
    return Requirement(identifier, "RFC 0", "1", level, "It is so.", "", untestable=untestable)


def kinds(found: object) -> list[tuple[str, str]]:
    return [(hole.kind, hole.where) for hole in found]  # type: ignore[attr-defined]


def test_the_page_of_requirements_is_what_the_tables_say() -> None:
    told = page.PAGE.read_text(encoding="utf-8")
    assert told == page.text(), "run: python -m tokenspec.conformance.selftest.page"


def test_every_row_has_a_case_or_a_reason_and_every_flaw_too(shop: Workshop) -> None:
    registry, cases = Registry.load(), list(shop.cases.values())
    assert not list(holes.uncovered(registry, cases))
    assert not list(holes.graver(registry, cases))
    assert not list(holes.unknown_sources(registry))
    assert not list(holes.unfound_flaws(published_flaws(), cases))
    assert not shop.oracle_mismatches


def test_every_case_has_a_home(shop: Workshop) -> None:
    assert not list(holes.homeless(shop.cases, shop.home))


def test_a_defect_is_noticed_by_the_cases_that_cite_what_it_breaks(shop: Workshop) -> None:
    matrix = make_matrix(shop, [DEFECT], [], jobs=1)
    assert KEY in matrix.killers(DEFECT)
    assert not list(holes.unnoticed(matrix, [DEFECT], shop.cases))


def test_a_case_tries_the_defect_that_the_oracle_refused_by_first(shop: Workshop) -> None:
    assert candidates(shop, shop.cases[KEY])[0] == DEFECT


def test_a_conforming_server_is_not_accused_and_a_broken_one_is(shop: Workshop) -> None:
    chosen = [shop.cases[KEY]]
    assert not list(holes.accused("bundled", shop.examine("bundled", chosen).values()))
    found = shop.examine("bundled", chosen, [DEFECT])
    assert kinds(holes.accused("broken", found.values())) == [("conforming server accused", KEY)]


def test_a_defect_nobody_notices_survives(shop: Workshop) -> None:
    found = holes.unnoticed(Matrix((), full=False), [DEFECT], shop.cases)
    assert kinds(found) == [("defect survives", DEFECT)]


def test_a_defect_noticed_by_strangers_alone_is_miscited(shop: Workshop) -> None:
    stranger = next(k for k, v in shop.cases.items() if DEFECTS[DEFECT].requirement not in v.cited)
    matrix = Matrix((Kill(DEFECT, stranger, "fail", "accepted"),), full=False)
    assert kinds(holes.unnoticed(matrix, [DEFECT], shop.cases)) == [("defect miscited", DEFECT)]


def test_a_case_that_notices_nothing_is_idle(shop: Workshop) -> None:
    found = holes.idle(Matrix((), full=False), [KEY], shop.cases)
    assert kinds(found) == [("case idle", KEY)]


def test_a_row_without_case_or_reason_is_a_hole_and_so_is_one_with_both(shop: Workshop) -> None:
    registry = Registry.of(
        (
            row("A-1-bare"),
            row("A-1-explained", untestable="It is so."),
            row(TESTED, untestable="No."),
        )
    )
    assert kinds(holes.uncovered(registry, [shop.cases[KEY]])) == [
        ("requirement untested", "A-1-bare"),
        ("requirement contradictory", TESTED),
    ]


def test_a_graver_row_cannot_hide_behind_a_milder_one(shop: Workshop) -> None:
    registry = Registry.of((row(TESTED, Level.SHOULD), row("A-1-grave")))
    case = replace(shop.cases[KEY], also=("A-1-grave",))
    assert kinds(holes.graver(registry, [case])) == [("requirement underweighed", KEY)]


def test_flaws_and_tags_have_to_meet(shop: Workshop) -> None:
    case = replace(shop.cases[KEY], tags=("CVE-1", "CVE-3", "race"))
    flaws = [Flaw("CVE-1", "p", "v", "f"), Flaw("CVE-2", "p", "v", "f")]
    assert kinds(holes.unfound_flaws(flaws, [case])) == [
        ("flaw unfound", "CVE-2"),
        ("tag unknown", KEY),
    ]


def test_coverage_counts_by_weight(shop: Workshop) -> None:
    registry = Registry.of(
        (row(TESTED), row("A-1-bare", Level.MUST_NOT), row("A-1-no", Level.MAY, "No."))
    )
    must, should, may = holes.coverage(registry, [shop.cases[KEY]])
    assert (must.rows, must.tested, must.testable) == (2, 1, 2)
    assert should.rows == 0
    assert (may.rows, may.untestable, may.testable) == (1, 1, 0)
