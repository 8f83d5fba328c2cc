"""docs/reference/formats.md: the record, and what machine formats make of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from tokenspec.conformance.pages.table import code, table
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reports import ctrf, github, outcome, sarif
from tokenspec.reports.formats import FORMATS
from tokenspec.reports.record import Record

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "conformance" / "schema" / "record-1.schema.json"
JUNIT = ROOT / "reports" / "schemas" / "junit.xsd"
XSD = "{http://www.w3.org/2001/XMLSchema}"
HEAD = """\
# Formats

Everything is made from the record, when a run ends or later (`tokenspec report`).
[Records and reports](../reports.md) shows how; this page has every member.
"""
RECORD_HEAD = """\
NDJSON: one JSON object a line, a header first, a footer last. The schema is
[`record-1.schema.json`](../../conformance/schema/record-1.schema.json). Members not in bold may be
absent in older records. Readers ignore members they do not know.
"""
JUNIT_HEAD = """\
A suite for each area, a test case for each case. The form is
[`junit.xsd`](../../reports/schemas/junit.xsd).
"""
SARIF_HEAD = f"""\
Version 2.1.0. A rule for each requirement, a result for each finding at its scenario's line; its
properties name the case and the command that shows it again. `fail` and `stale-waiver` have the
level `{sarif.LEVELS["fail"]}`. What could not run is a notification of the tool (§3.20.21); waived
cases and documented deviations are suppressed results (§3.35).
"""
CTRF_HEAD = f"""\
Specification {ctrf.SPECIFICATION}. Each test has the case as `testId`, the verdict as `rawStatus`,
the area and scenario as `suite`, times in milliseconds.
"""
LABELS = "Properties of a JUnit test case, labels of a CTRF test:"
LINES = ("header", "coverage", "finding", "exchange", "look", "sighting", "fault", "footer")
ELEMENTS = {outcome.PASSED: "–", outcome.FAILED: "`failure`", outcome.SKIPPED: "`skipped`",
            outcome.OPEN: "`error`"}  # fmt: skip


def text() -> str:
    """The page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield HEAD
    names = ((f"`{name}`", f"`{f.file}`", f.summary) for name, f in FORMATS.items())
    yield from table(("`--format`, `--formats`", "file", "what it is"), names)
    yield "## What a verdict becomes\n"
    yield from table(("verdict", "JUnit", "CTRF status", "SARIF level", "annotation"), _verdicts())
    yield "## The record\n"
    yield RECORD_HEAD
    definitions = json.loads(RECORD.read_text(encoding="utf-8"))["definitions"]
    for name in LINES:
        yield from _line(name, definitions[name])
    yield "## JUnit XML\n"
    yield JUNIT_HEAD
    yield from table(("element", "attributes", "may hold"), _elements())
    yield LABELS + f" {code(outcome.properties(_finding(Verdict.PASS)))}.\n"
    yield "## SARIF\n"
    yield SARIF_HEAD
    yield "## CTRF\n"
    yield CTRF_HEAD


def _verdicts() -> Iterator[tuple[str, ...]]:
    run = Record({}, (), {"ended": "complete"})
    for verdict in Verdict:
        finding = _finding(verdict)
        found = outcome.outcome(finding, run)
        level = sarif.LEVELS.get(verdict, "–")
        annotation = github.command(finding, run) or "–"
        yield f"`{verdict}`", ELEMENTS[found], ctrf.STATUS[found], level, annotation


def _finding(verdict: Verdict) -> dict[str, str]:
    words = ("requirement", "citation", "kind", "url")
    return {**dict.fromkeys(words, "x"), "level": "MUST", "verdict": str(verdict)}


def _line(name: str, definition: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {name}\n"
    if "description" in definition:
        yield f"{definition['description']}\n"
    needed = definition.get("required", ())
    yield from table(
        ("member", "type", "what it says"),
        (
            (f"**`{member}`**" if member in needed else f"`{member}`", _type(rule),
             _told(rule))
            for member, rule in definition["properties"].items()
        ),
    )  # fmt: skip


def _told(rule: Mapping[str, Any]) -> str:
    parts = [rule.get("description", "")]
    parts += [f"With {code(rule['properties'])}."] if "properties" in rule else []
    return " ".join(part for part in parts if part)


def _type(rule: Mapping[str, Any]) -> str:
    if "const" in rule:
        return f"`{json.dumps(rule['const'])}`"
    if "$ref" in rule:
        return str(rule["$ref"]).rpartition("/")[2]
    if "enum" in rule:
        return code(rule["enum"])
    if "anyOf" in rule:
        return " or ".join(_type(one) for one in rule["anyOf"])
    kind = rule.get("type", "")
    if kind == "array":
        return f"list of {_type(rule.get('items', {}))}".strip()
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _elements() -> Iterator[tuple[str, ...]]:
    """The elements of the schema, each with what stands in its type or in itself."""
    root = ET.parse(JUNIT).getroot()  # noqa: S314 - our own file
    types = {kind.get("name"): kind for kind in root.findall(f"{XSD}complexType")}
    seen = set()
    for element in root.iter(f"{XSD}element"):
        name, kind = element.get("name", ""), types.get(element.get("type"), element)
        if name in seen:
            continue
        seen.add(name)
        attributes = [item.get("name") for item in _own(kind, "attribute")]
        inner = [item.get("name") for item in _own(kind, "element") if item is not element]
        yield f"`{name}`", code(attributes) or "–", code(inner) or "text"


def _own(kind: ET.Element, tag: str) -> Iterator[ET.Element]:
    """What belongs to `kind` itself, not to an element within it."""
    for child in kind:
        if child.tag == f"{XSD}{tag}":
            yield child
        if child.tag != f"{XSD}element":
            yield from _own(child, tag)
