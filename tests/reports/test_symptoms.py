"""What many cases saw is told once, and what only looks alike is told in each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.reports.conftest import Made
from tokenspec.reports.audit import audit_page
from tokenspec.reports.record import Record
from tokenspec.reports.symptoms import Symptom, Told, alike
from tokenspec.reports.terminal import alike_lines, finding_text

FORBIDDEN = {
    "verdict": "warn", "kind": "wrong-error", "step": "token", "note": "status 403",
    "expected": "refused (400, invalid_grant)",
    "observed": "refused: status 403, error invalid_grant",
}  # fmt: skip
STATELESS = {
    "verdict": "fail", "kind": "wrong-envelope", "step": "authorize", "note": "state is missing",
    "expected": "granted", "observed": "granted",
}  # fmt: skip
SIGHTED = STATELESS | {
    "note": "33 answers of the run were looked at",
    "observed": "state is missing (scope-asked/one, authorize; scope-asked (control), authorize)",
    "seen_in": ["scope-asked/one", "scope-asked (control)"],
}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (FORBIDDEN, FORBIDDEN | {"expected": "refused (401, invalid_client)"}, True),
        (FORBIDDEN, FORBIDDEN | {"step": "token-2"}, True),
        (FORBIDDEN, FORBIDDEN | {"step": "refresh"}, False),
        (FORBIDDEN, FORBIDDEN | {"verdict": "fail"}, False),
        (FORBIDDEN, FORBIDDEN | {"note": "status 404"}, False),
        (FORBIDDEN | {"note": "error 'invalid_request'"},
         FORBIDDEN | {"note": "error 'invalid_request'"}, True),
        (FORBIDDEN | {"note": "error 'invalid_request'"},
         FORBIDDEN | {"note": "error 'invalid_request'", "expected": "refused (invalid_scope)"},
         False),
        (STATELESS, SIGHTED, True),
        (STATELESS, SIGHTED | {"observed": "iss is missing (scope-asked/one, authorize)"}, False),
    ],
)  # fmt: skip
def test_findings_of_one_symptom(one: dict[str, Any], other: dict[str, Any], *, same: bool) -> None:
    assert (Symptom.of(one) == Symptom.of(other)) is same


@pytest.mark.parametrize("kind", ["accepted", "refused", "leak", "timeout", ""])
def test_what_was_granted_or_sent_away_is_told_in_each_case(kind: str) -> None:
    first = FORBIDDEN | {"kind": kind, "key": "a/one"}
    second = FORBIDDEN | {"kind": kind, "key": "a/two"}
    told = Told()
    assert (told.before(first), told.before(second)) == ("", "")
    assert alike([first, second]) == [[first], [second]]


def uniform(record: Record) -> Record:
    """The record with every finding that was not a pass the same."""
    changed = FORBIDDEN | {"seen_in": []}
    bad = [f for f in record.findings if f["verdict"] in ("fail", "warn")]
    assert len({finding["scenario"] for finding in bad}) > 1
    return replace(record, findings=tuple({**finding, **changed} for finding in bad))


def test_the_terminal_tells_the_first_in_full_and_names_the_others(flawed: Made) -> None:
    findings = uniform(flawed.record).findings
    (together,) = alike(findings)
    first, *others = together
    said = [text for _, _, text in alike_lines(others)]
    assert said[0].strip() == f"the same in {len(findings) - 1} more cases:"
    assert all(other["key"] in line for other, line in zip(others, said[1:], strict=True))
    told = Told()
    keys = [told.before(finding) for finding in findings]
    assert keys == ["", *[first["key"]] * len(others)]
    short = finding_text(others[0], told=first["key"])
    assert len(short.splitlines()) == 2
    assert first["key"] in short
    assert others[0]["citation"] in short
    assert len(finding_text(first).splitlines()) > 5


def test_the_audit_page_folds_what_is_the_same(flawed: Made) -> None:
    record = uniform(flawed.record)
    page = audit_page(record)
    assert page.count('<details class="alike">') == 1
    before, _, folded = page.partition('<details class="alike">')
    first = record.findings[0]
    assert f'id="case-{first["key"].replace("/", "--")}"' in before
    for finding in record.findings:
        assert page.count(f'id="case-{finding["key"].replace("/", "--")}"') == 1
    assert record.findings[-1]["title"] in folded
