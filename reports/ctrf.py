"""CTRF, the Common Test Report Format: one JSON object of tests with labels."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tokenspec.reports.outcome import FAILED, OPEN, PASSED, SKIPPED, outcome, properties, reason
from tokenspec.reports.record import Line, Record
from tokenspec.reports.terminal import finding_text

SPECIFICATION = "0.0.0"
STATUS = {PASSED: "passed", FAILED: "failed", SKIPPED: "skipped", OPEN: "other"}


def ctrf(record: Record) -> str:
    """The record as a CTRF document. Times are in milliseconds."""
    tests = [_test(finding, record) for finding in record.findings]
    tests += [_lost(line["key"], line["message"], "fault") for line in record.faults]
    tests += [_lost(key, "the run ended before", "no-result") for key in record.unfinished]
    start = _milliseconds(record.header.get("started", ""))
    stop = _milliseconds(record.footer["finished"]) if record.footer else start
    statuses = [test["status"] for test in tests]
    summary = {
        name: statuses.count(name) for name in ("passed", "failed", "skipped", "pending", "other")
    }
    target, header = record.header.get("target", {}), record.header
    document = {
        "reportFormat": "CTRF",
        "specVersion": SPECIFICATION,
        "generatedBy": f"tokenspec {header.get('tokenspec', '')}".strip(),
        "timestamp": header.get("started", ""),
        "results": {
            "tool": {"name": "tokenspec", "version": str(header.get("tokenspec", ""))},
            "summary": {"tests": len(tests), **summary, "start": start, "stop": stop},
            "tests": tests,
            "environment": {
                "appName": record.product,
                "appVersion": str(target.get("version", "")),
                "extra": {
                    "issuer": target.get("issuer", ""),
                    "profile": record.profile,
                    "suite": header.get("suite", {}).get("digest", ""),
                    "complete": record.complete,
                },
            },
        },
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _test(finding: Line, record: Record) -> dict[str, Any]:
    found = outcome(finding, record)
    test = {
        "testId": finding["key"],
        "name": f"{finding['key']}: {finding['title']}",
        "status": STATUS[found],
        "rawStatus": finding["verdict"],
        "duration": round(finding["seconds"] * 1000),
        "suite": [finding["area"], finding["scenario"]],
        "filePath": finding["file"],
        "line": finding["line"],
        "labels": properties(finding),
        "type": "conformance",
    }
    if finding["tags"]:
        test["tags"] = list(finding["tags"])
    if finding["verdict"] != "pass":
        test["message"] = reason(finding)
    if found == FAILED:
        test["trace"] = finding_text(finding, record.again)
    return test


def _lost(key: str, message: str, status: str) -> dict[str, Any]:
    return {
        "testId": key, "name": key, "status": "other", "rawStatus": status, "duration": 0,
        "message": message,
    }  # fmt: skip


def _milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000) if moment else 0
