"""Of a case that was told, a session keeps what its end tells, and of other tests everything."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tokenspec.conformance.plugin.report_memory import ReportMemory, summarised
from tokenspec.conformance.verdicts import Verdict

LINE = {
    "key": "code-used-twice/granted",
    "area": "code",
    "note": "a reason",
    "citation": "RFC 6749 §4.1.2",
    "expected": "refused",
    "observed": "granted",
    "deviation": None,
    "exchanges": ["much"],
}


def reports(verdict: str | None) -> list[SimpleNamespace]:
    """The three reports on one test, the second with a finding."""
    made = [
        SimpleNamespace(
            nodeid="a", when=when, outcome="passed", duration=1.0, sections=[],
            keywords={"code": 1}, user_properties=[("level", "MUST")], extras=["html"],
        )
        for when in ("setup", "call", "teardown")
    ]  # fmt: skip
    if verdict is not None:
        made[1].tokenspec = LINE | {"verdict": verdict}
    return made


@pytest.mark.parametrize("verdict", [str(verdict) for verdict in Verdict])
def test_the_reports_on_a_case_are_made_small_when_the_last_was_seen(verdict: str) -> None:
    kept, (first, finding, last) = ReportMemory(), reports(verdict)
    for report in (first, finding):
        kept.seen(report)
        assert report.keywords
        assert report.extras
    kept.seen(last)
    for report in (first, finding, last):
        assert (report.keywords, report.user_properties, report.extras) == ({}, [], [])
        assert (report.outcome, report.duration) == ("passed", 1.0)
    assert finding.tokenspec["verdict"] == verdict
    assert ("expected" in finding.tokenspec) is (verdict == "warn")


def test_what_a_report_has_to_show_is_kept() -> None:
    kept, made = ReportMemory(), reports("fail")
    made[1].sections = [("finding", "its words")]
    for report in made:
        kept.seen(report)
    assert [report.sections for report in made] == [[], [("finding", "its words")], []]


def test_the_reports_on_other_tests_are_left_alone() -> None:
    kept, foreign = ReportMemory(), reports(None)
    for report in foreign:
        kept.seen(report)
    assert all(report.keywords and report.user_properties and report.extras for report in foreign)


@pytest.mark.parametrize(
    ("verdict", "names"),
    [
        ("pass", {"area", "verdict"}),
        ("not-applicable", {"area", "verdict", "note"}),
        (
            "deviation",
            {"area", "verdict", "key", "citation", "expected", "observed", "deviation"},
        ),
    ],
)
def test_the_summary_keeps_what_it_shows(verdict: str, names: set[str]) -> None:
    assert set(summarised(LINE | {"verdict": verdict})) == names


def test_what_says_the_same_is_kept_once() -> None:
    line = LINE | {"verdict": "pass"}
    assert summarised(line) is summarised(line | {"key": "code-used-twice/later"})
    assert summarised(line) != summarised(line | {"area": "pkce"})
