"""What a waiver makes of a finding, and when a waiver is not true any more."""

from __future__ import annotations

from datetime import date

import pytest

from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.excusing import Excuses
from tokenspec.conformance.verdicts import Kind, Verdict
from tokenspec.conformance.waivers.ledger import waiver_problems
from tokenspec.conformance.waivers.loader import parse_waivers

TODAY = date(2027, 1, 1)


def a_finding(verdict: str, kind: str = "", key: str = "a/b") -> Finding:
    scenario, _, case = key.partition("/")
    return Finding(
        key, scenario, case, "title", "area", "a.yaml", 1, "RFC1-1-x", "RFC 1 §1", "MUST",
        "text", "https://rfc.example", Verdict(verdict), Kind(kind),
    )  # fmt: skip


def excuses(identifier: str = "a/b", kind: str = "", expires: str = "2027-06-01") -> Excuses:
    pin = f"kind: {kind}, " if kind else ""
    entry = f"{{id: {identifier}, {pin}reason: known, owner: me, expires: {expires}}}"
    return Excuses(parse_waivers(f"format: 1\nwaivers:\n  - {entry}\n", "w.yaml"), TODAY)


@pytest.mark.parametrize(
    ("verdict", "kind", "waiver", "becomes"),
    [
        ("fail", "accepted", {}, "waived"),
        ("warn", "wrong-error", {}, "waived"),
        ("fail", "accepted", {"kind": "accepted"}, "waived"),
        ("fail", "accepted", {"kind": "wrong-error"}, "fail"),  # a worse way is not excused
        ("fail", "server-error", {"kind": "accepted"}, "fail"),
        ("warn", "wrong-error", {"kind": "accepted"}, "stale-waiver"),  # milder: out of date
        ("pass", "", {}, "stale-waiver"),
        ("observe", "", {}, "stale-waiver"),
        ("pass", "", {"identifier": "a"}, "pass"),  # other cases of the scenario may fail
        ("fail", "accepted", {"identifier": "a"}, "waived"),
        ("could-not-run", "", {}, "could-not-run"),  # a dead target is excused by nobody
        ("not-applicable", "", {}, "not-applicable"),
        ("fail", "accepted", {"expires": "2026-12-31"}, "fail"),
        ("fail", "accepted", {"expires": "2027-01-01"}, "waived"),
        ("pass", "", {"expires": "2026-12-31"}, "pass"),
        ("fail", "accepted", {"identifier": "a/c"}, "fail"),
    ],
)
def test_a_finding_with_a_waiver(
    verdict: str, kind: str, waiver: dict[str, str], becomes: str
) -> None:
    done = excuses(**waiver).applied(a_finding(verdict, kind))
    assert done.verdict == becomes
    assert done.kind == kind
    assert done.judged == (verdict if becomes != verdict else "")
    assert (done.waiver is None) is (waiver.get("identifier") == "a/c")


def test_what_saw_only_a_part_makes_no_waiver_stale() -> None:
    assert excuses().applied(a_finding("pass"), conclusive=False).verdict == "pass"
    assert excuses().applied(a_finding("fail"), conclusive=False).verdict == "waived"


@pytest.mark.parametrize(
    ("waiver", "verdicts", "problem"),
    [
        ({"identifier": "z"}, {}, "unused"),
        ({"identifier": "a/z"}, {}, "unused"),
        ({"expires": "2026-12-31"}, {"a/b": "fail"}, "expired"),
        ({"expires": "2026-12-31"}, {}, "expired"),
        ({}, {"a/b": "stale-waiver"}, "stale"),
        ({}, {"a/b": "waived"}, ""),
        ({}, {"a/b": "could-not-run"}, ""),
        ({}, {"a/b": "not-applicable"}, ""),
        ({}, {"a/b": "fail"}, ""),  # of another kind: the failure itself is told
        ({}, {}, ""),  # deselected
        ({"identifier": "a"}, {"a/b": "pass", "a/c": "pass"}, "stale"),
        ({"identifier": "a"}, {"a/b": "pass", "a/c": "waived"}, ""),
        ({"identifier": "a"}, {"a/b": "pass"}, ""),  # a/c was deselected
        ({"identifier": "a"}, {"a/b": "pass", "a/c": "not-applicable"}, "stale"),
        ({"identifier": "a"}, {"a/b": "pass", "a/c": "could-not-run"}, ""),
    ],
)
def test_a_waiver_that_is_not_true_any_more(
    waiver: dict[str, str], verdicts: dict[str, str], problem: str
) -> None:
    held = excuses(**waiver)
    suite = ("a/b", "a/c", "d/e")
    found = waiver_problems(held.waivers, suite=suite, verdicts=verdicts, today=TODAY)
    assert [one.problem for one in found] == ([problem] if problem else [])
    assert all(one.line()["file"] == "w.yaml" and one.line()["line"] == 3 for one in found)
    partly = waiver_problems(
        held.waivers, suite=suite, verdicts=verdicts, today=TODAY, partly_seen=suite
    )
    assert "stale" not in {one.problem for one in partly}
