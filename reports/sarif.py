"""SARIF 2.1.0: a rule for each requirement, a result for each cause, at its shortest case.

The other cases of a cause are related locations; what no cause tells is a result by itself.

Passes and what does not apply are left out: viewers show every result as an alert. What could not
run is a notification of the tool, since nothing was found (§3.20.21); waived cases and documented
deviations are results that are suppressed (§3.35).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from tokenspec.reports.causes import grade, percent
from tokenspec.reports.outcome import reason
from tokenspec.reports.record import Line, Record

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
LEVELS = {
    "fail": "error",
    "stale-waiver": "error",
    "warn": "warning",
    "unsteady": "note",
    "observe": "note",
    "waived": "error",
    "deviation": "warning",
}
OPEN = ("fail", "stale-waiver", "warn")  # told by their causes, where there are any
ORDER = ("error", "warning", "note")
MOST_RELATED = 100  # cases of one cause
BY_REQUIREMENT = {
    "MUST": "error",
    "MUST NOT": "error",
    "SHOULD": "warning",
    "SHOULD NOT": "warning",
}


def sarif(record: Record) -> str:
    """The record as a SARIF log."""
    told = [finding for finding in record.findings if finding["verdict"] in LEVELS]
    rules = {finding["requirement"]: finding for finding in told}
    numbers = {identifier: number for number, identifier in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "tokenspec",
                "version": str(record.header.get("tokenspec", "")),
                "rules": [_rule(identifier, line) for identifier, line in rules.items()],
            }
        },
        "automationDetails": {"id": f"tokenspec/{record.profile}/"},
        "invocations": [_invocation(record)],
        "results": [*_of_causes(record, rules, numbers), *_alone(record, told, numbers)],
        "columnKind": "unicodeCodePoints",
        "properties": {"issuer": record.header.get("target", {}).get("issuer", "")},
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=1) + "\n"


def _of_causes(
    record: Record, rules: Mapping[str, Line], numbers: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    """A result for each cause, at its shortest case; the other cases are related locations."""
    by_key = {finding["key"]: finding for finding in record.findings}
    for cause in record.causes:
        own = [by_key[key] for key in cause["cases"] if by_key[key]["verdict"] in OPEN]
        if not own:
            continue
        requirement = (
            cause["requirement"] if cause["requirement"] in rules else own[0]["requirement"]
        )
        text = f"{cause['sentence']} {grade(cause['severity']).label}: {cause['severity_why']}."
        text += f" Look at {cause['place']}." if cause["place"] else ""
        shown = percent(cause)
        result = {
            "ruleId": requirement,
            "ruleIndex": numbers[requirement],
            "level": min((LEVELS[one["verdict"]] for one in own), key=ORDER.index),
            "message": {"text": text},
            "locations": [_location(own[0])],
            "relatedLocations": [_location(finding) for finding in own[1:MOST_RELATED]],
            "partialFingerprints": {"cause/v1": hashlib.sha256(cause["id"].encode()).hexdigest()},
            "properties": {
                "cause": cause["id"],
                "severity": cause["severity"],
                "cases": [finding["key"] for finding in own],
                "again": f"{record.again} {own[0]['key']}",
            }
            | ({"likelihood": shown} if shown else {}),
        }
        if record.header.get("baseline"):
            known = all(finding.get("known") for finding in own)
            result["baselineState"] = "unchanged" if known else "new"
        yield result


def _alone(
    record: Record, told: Iterable[Line], numbers: dict[str, int]
) -> Iterator[dict[str, Any]]:
    """A result for each finding that no cause tells."""
    of_causes = {key for cause in record.causes for key in cause["cases"]}
    for finding in told:
        if finding["key"] not in of_causes or finding["verdict"] not in OPEN:
            yield _result(finding, numbers, record)


def _rule(identifier: str, line: Line) -> dict[str, Any]:
    return {
        "id": identifier,
        "name": line["citation"],
        "shortDescription": {"text": line["text"]},
        "fullDescription": {"text": f"{line['citation']} ({line['level']}): {line['text']}"},
        "helpUri": line["url"],
        "help": {"text": f"{line['citation']}: {line['text']} {line['url']}"},
        "defaultConfiguration": {"level": BY_REQUIREMENT.get(line["level"], "note")},
        "properties": {"tags": ["oauth", line["area"]], "level": line["level"]},
    }


def _result(finding: Line, numbers: dict[str, int], record: Record) -> dict[str, Any]:
    sent = "; ".join(finding["sent"]) or "the valid exchange"
    text = f"{finding['title']}: {reason(finding)}. Sent: {sent}."
    result = {
        "ruleId": finding["requirement"],
        "ruleIndex": numbers[finding["requirement"]],
        "level": LEVELS[finding["verdict"]],
        "message": {"text": text},
        "locations": [_location(finding)],
        "partialFingerprints": {"case/v1": _fingerprint(finding)},
        "properties": {
            "case": finding["key"],
            "verdict": finding["verdict"],
            "kind": finding["kind"],
            "again": f"{record.again} {finding['key']}",
        },
    }
    if record.header.get("baseline"):
        result["baselineState"] = "unchanged" if finding.get("known") else "new"
    suppressions = list(_suppressions(finding))
    return result | ({"suppressions": suppressions} if suppressions else {})


def _location(finding: Line) -> dict[str, Any]:
    path = PurePath(finding["file"])
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    place = {"artifactLocation": {"uri": uri}, "region": {"startLine": max(finding["line"], 1)}}
    named = {"fullyQualifiedName": finding["key"], "kind": "member"}
    return {"physicalLocation": place, "logicalLocations": [named]}


def _suppressions(finding: Line) -> Iterator[dict[str, Any]]:
    """A waiver or documented difference, with its reason (§3.35)."""
    if finding["verdict"] == "waived":
        waiver = finding.get("waiver") or {}
        yield _suppression(f"{waiver.get('reason', '')} (until {waiver.get('expires', 'no date')})")
    if finding["verdict"] == "deviation":
        deviation = finding.get("deviation") or {}
        yield _suppression(f"documented at {deviation.get('source', 'an unknown place')}")


def _suppression(why: str) -> dict[str, Any]:
    return {"kind": "external", "status": "accepted", "justification": why}


def _fingerprint(finding: Line) -> str:
    """The same for the same fault of the same case, at whatever target and line."""
    return hashlib.sha256(f"{finding['key']} {finding['kind']}".encode()).hexdigest()


def _invocation(record: Record) -> dict[str, Any]:
    open_cases = [f for f in record.findings if f["verdict"] == "could-not-run"]
    notes = [_notification("warning", f["key"], reason(f), [_location(f)]) for f in open_cases]
    notes += [_notification("error", line["key"], line["message"]) for line in record.faults]
    notes += [_notification("error", key, "the run ended before") for key in record.unfinished]
    invocation: dict[str, Any] = {
        "executionSuccessful": record.complete and not record.faults,
        "startTimeUtc": _utc(record.header.get("started", "")),
        "toolExecutionNotifications": notes,
    }
    if record.footer is not None:
        invocation["endTimeUtc"] = _utc(record.footer["finished"])
        invocation["exitCode"] = record.footer["exit_code"]
    return invocation


def _notification(
    level: str, key: str, text: str, locations: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    note = {"level": level, "message": {"text": f"{key}: {text}"}}
    return note | ({"locations": locations} if locations else {})


def _utc(moment: str) -> str:
    return moment.replace("+00:00", "Z")
