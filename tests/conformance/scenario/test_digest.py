"""A digest says whether two records speak of the same case."""

from __future__ import annotations

from dataclasses import replace

from tokenspec.conformance.scenario.digest import case_digest, suite_digest
from tokenspec.conformance.scenario.model import (
    Case,
    Change,
    Changes,
    Place,
    Setting,
    Step,
    StepKind,
)

CASE = Case(
    "code-used-twice", "in-turn", "A title", "RFC6749-4.1.2-code_single_use", ("code",), Setting(),
    (Step(StepKind.TOKEN, "token", Changes({"code": Change("omit")})),), (), Setting(),
    Place("a.yaml", 3),
)  # fmt: skip


def test_records_of_the_first_release_have_the_digests_of_today() -> None:
    assert case_digest(CASE) == "834eee4d18e164db"


def test_where_a_case_stands_is_no_part_of_it() -> None:
    moved = replace(CASE, place=Place("b.yaml", 8))
    assert case_digest(moved) == case_digest(CASE)
    assert suite_digest([moved]) == suite_digest([CASE])


def test_another_word_is_another_case() -> None:
    other = replace(CASE, title="Another title")
    assert case_digest(other) != case_digest(CASE)
    assert suite_digest([other]) != suite_digest([CASE])


def test_the_order_of_the_cases_is_no_part_of_a_suite() -> None:
    other = replace(CASE, id="at-once")
    assert suite_digest([CASE, other]) == suite_digest([other, CASE])
