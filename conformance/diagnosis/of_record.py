"""The causes of a record, worked out anew from its findings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from tokenspec.conformance.diagnosis.diagnose import causes
from tokenspec.reports.record import Record

Line = Mapping[str, Any]


def cause_lines(findings: Iterable[Line]) -> tuple[Line, ...]:
    """The causes of findings as a record tells them, the gravest first."""
    found = [cause.line() for cause in causes(findings)]
    return tuple(json.loads(json.dumps(found, ensure_ascii=False)))


def diagnosed(record: Record) -> Record:
    """The record with its causes, whether or not it told any."""
    return replace(record, causes=cause_lines(record.findings))
