"""JUnit XML: a suite for each area, a test case for each case, with properties.

The form is that of `schemas/junit.xsd`: what all readers share, and `properties` in a test case, as
pytest writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from tokenspec.reports.outcome import FAILED, OPEN, SKIPPED, outcome, properties, reason
from tokenspec.reports.record import Line, Record
from tokenspec.reports.terminal import could_not_run_text, finding_text

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2


def junit(record: Record) -> str:
    """The record as JUnit XML."""
    root = ET.Element("testsuites", name=f"tokenspec: {_clean(record.product)}")
    areas: dict[str, list[Line]] = {}
    for finding in record.findings:
        areas.setdefault(finding["area"], []).append(finding)
    for name in sorted(areas):
        root.append(_suite(name, areas[name], record))
    if record.faults or record.unfinished:
        root.append(_without_result(record))
    for attribute in ("tests", "failures", "errors"):
        root.set(attribute, str(sum(int(suite.get(attribute, "0")) for suite in root)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(name: str, findings: Iterable[Line], record: Record) -> ET.Element:
    own = list(findings)
    outcomes = [outcome(finding, record) for finding in own]
    suite = ET.Element(
        "testsuite",
        name=_clean(name),
        tests=str(len(own)),
        failures=str(outcomes.count(FAILED)),
        errors=str(outcomes.count(OPEN)),
        skipped=str(outcomes.count(SKIPPED)),
        time=f"{sum(finding['seconds'] for finding in own):.3f}",
        timestamp=str(record.header.get("started", ""))[:19],
    )
    target = record.header.get("target", {})
    told = {
        "issuer": target.get("issuer", ""),
        "profile": record.profile,
        "suite": record.header.get("suite", {}).get("digest", ""),
        "tokenspec": record.header.get("tokenspec", ""),
    }
    suite.append(_properties(told))
    for finding, found in zip(own, outcomes, strict=True):
        suite.append(_case(finding, found, record))
    return suite


def _case(finding: Line, found: str, record: Record) -> ET.Element:
    case = ET.Element(
        "testcase",
        name=_clean(finding["key"]),
        classname=_clean(f"{finding['area']}.{finding['scenario']}"),
        time=f"{finding['seconds']:.3f}",
    )
    causes = [cause["id"] for cause in record.causes if finding["key"] in cause["cases"]]
    named = {"cause": ", ".join(causes)} if causes else {}
    case.append(_properties(properties(finding) | named))
    message, full = _clean(reason(finding)), _clean(finding_text(finding, record.again))
    if found == FAILED:
        kind = _clean(finding["kind"] or finding["verdict"])
        ET.SubElement(case, "failure", message=message, type=kind).text = full
    elif found == OPEN:
        error = ET.SubElement(case, "error", message=message, type="could-not-run")
        error.text = _clean(could_not_run_text(finding))
    elif found == SKIPPED:
        ET.SubElement(case, "skipped").text = message
    elif finding["verdict"] != "pass":
        ET.SubElement(case, "system-out").text = full
    return case


def _without_result(record: Record) -> ET.Element:
    """Cases that were to run and did not: a reader must not take their absence for good."""
    lost = [(line["key"], f"fault of tokenspec: {line['message']}") for line in record.faults]
    lost += [(key, "no result: the run was cut off before") for key in record.unfinished]
    number = str(len(lost))
    suite = ET.Element(
        "testsuite", name="without result", tests=number, failures="0", errors=number
    )
    for key, message in lost:
        case = ET.SubElement(suite, "testcase", name=_clean(key), classname="without result")
        ET.SubElement(case, "error", message=_clean(message), type="no-result")
    return suite


def _properties(values: dict[str, str]) -> ET.Element:
    group = ET.Element("properties")
    for name, value in values.items():
        ET.SubElement(group, "property", name=name, value=_clean(str(value)))
    return group


def _clean(text: str) -> str:
    """`text` without what no XML document may hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
