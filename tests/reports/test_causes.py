"""Causes first: what every report says of them, from a run at a server with three faults."""

from __future__ import annotations

import json

import pytest

from tests.reports.conftest import Made
from tokenspec.conformance.cli import main
from tokenspec.conformance.diagnosis.of_record import diagnosed
from tokenspec.reports.audit import audit_page
from tokenspec.reports.causes import GRADES, cause_rows, headline
from tokenspec.reports.junit import junit
from tokenspec.reports.markdown import markdown, plain
from tokenspec.reports.record import Record
from tokenspec.reports.sarif import sarif


@pytest.fixture(scope="module")
def told(flawed: Made) -> Record:
    return diagnosed(flawed.record)


def test_every_finding_that_is_broken_has_a_cause(told: Record) -> None:
    explained = {key for cause in told.causes for key in cause["cases"]}
    broken = {f["key"] for f in told.findings if f["verdict"] in ("fail", "warn")}
    assert broken <= explained
    assert len(told.causes) < len(broken)
    assert any("pkce" in cause["id"] for cause in told.causes)


def test_a_terminal_has_room_for_them(told: Record) -> None:
    rows = list(cause_rows(told, "record.ndjson"))
    assert 0 < len(rows) < 40
    assert headline(told).startswith(f"{len(told.causes)} cause")
    explained = {key for cause in told.causes for key in cause["cases"]}
    assert f" of {len(explained)} findings: " in headline(told)
    assert headline(Record({}, (), None)) == ""


def test_the_audit_page_begins_with_them(told: Record, flawed: Made) -> None:
    page = audit_page(told)
    assert page.index('id="causes"') < page.index('id="findings"')
    assert f'id="cause-{len(told.causes)}"' in page
    assert 'id="causes"' not in audit_page(flawed.record)


def test_the_summary_begins_with_them(told: Record) -> None:
    text = markdown(told)
    assert text.index("## What to fix first") < text.index("| Area |")
    assert plain(told.causes[0]["sentence"]) in text


def test_sarif_has_a_result_for_each(told: Record) -> None:
    results = json.loads(sarif(told))["runs"][0]["results"]
    causes = [one for one in results if "cause" in one["properties"]]
    assert [one["properties"]["cause"] for one in causes] == [c["id"] for c in told.causes]
    many = max(causes, key=lambda one: len(one["properties"]["cases"]))
    assert len(many["relatedLocations"]) == len(many["properties"]["cases"]) - 1
    alone = {one["properties"].get("case") for one in results}
    assert alone.isdisjoint(key for one in causes for key in one["properties"]["cases"])


def test_junit_names_the_cause_of_a_case(told: Record) -> None:
    assert f'name="cause" value="{told.causes[0]["id"]}"' in junit(told)


def test_the_verb_tells_them(flawed: Made, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", str(flawed.path)]) == 1
    assert capsys.readouterr().out.startswith(headline(diagnosed(flawed.record)))
    assert main(["diagnose", str(flawed.path), "--format", "json"]) == 1
    causes = json.loads(capsys.readouterr().out)["causes"]
    assert {cause["severity"] for cause in causes} <= set(GRADES)


def test_at_a_right_server_there_is_none(good: Made, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", str(good.path)]) == 0
    assert "nothing is broken" in capsys.readouterr().out


def test_a_finding_that_two_causes_explain_is_one_finding() -> None:
    row = {"severity": "interoperability", "cases": ["one/a", "one/b"]}
    told = Record({}, (), None, causes=(row, row | {"cases": ["one/b"]}))
    assert headline(told) == "2 causes of 2 findings: 2 interoperability"
