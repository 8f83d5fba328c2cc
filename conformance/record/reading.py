"""Reads a record: what a run wrote, as the values that reports are made from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tokenspec.conformance.errors import Problem, UnusableFile
from tokenspec.conformance.record.memory import MemoryTrim
from tokenspec.conformance.record.shape import wrong
from tokenspec.conformance.record.stored import StoredEvidence, StoredFinding
from tokenspec.reports.record import Record

FORMAT = 1
HINT = "docs/reference/formats.md says what a record holds"

__all__ = ["read_record"]


def read_record(path: Path, *, leave_evidence: bool = False, own: bool = False) -> Record:
    """Read a record. A last line that was cut off while it was written is left out.

    Args:
        path: an NDJSON file of format 1 (`conformance/schema/record-1.schema.json`).
        leave_evidence: the exchanges of a finding are read when they are looked at. Memory does
            not grow with them, and the file must not be written to meanwhile.
        own: this process has just written it, so that its lines are not held against the schema.

    Raises:
        UnusableFile: it is not a record, or a line of it is damaged.
    """
    header: Mapping[str, Any] = {}
    footer: Mapping[str, Any] | None = None
    findings: list[Mapping[str, Any]] = []
    others: dict[str, list[Mapping[str, Any]]] = {"fault": [], "look": []}
    requirements: list[Mapping[str, Any]] = []
    evidence = StoredEvidence(path)
    for number, offset, line in _lines(path):
        if line.get("type") == "header" and line.get("format") != FORMAT:
            raise _of_another_format(path)
        fault = "" if own else wrong(line)
        if fault:
            raise UnusableFile([Problem(str(path), number, 1, fault, HINT)])
        match line.get("type"):
            case "header":
                header = line
            case "coverage":
                requirements += line["requirements"]
            case "finding":
                findings.append(StoredFinding(line, evidence, offset) if leave_evidence else line)
            case "fault" | "look" as kind:
                others[kind].append(line)
            case "footer":
                footer = line
    if not header:
        raise _of_another_format(path)
    findings.sort(key=_place)  # a run writes each as its case ends
    faults, looks = map(tuple, others.values())
    causes = tuple(footer.get("causes", ())) if footer else ()
    return Record(
        header,
        tuple(findings),
        footer,
        tuple(requirements),
        faults,
        looks=looks,
        causes=causes,
    )


def _place(finding: Mapping[str, Any]) -> tuple[str, int, str]:
    return finding.get("file", ""), finding.get("line", 0), finding["key"]


def _of_another_format(path: Path) -> UnusableFile:
    hint = f"this release reads records of format {FORMAT}"
    return UnusableFile([Problem(str(path), 1, 1, "no header of a known format", hint)])


def _lines(path: Path) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Number, offset in bytes and value of each whole line."""
    number, offset, memory = 1, 0, MemoryTrim()
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.endswith(b"\n"):  # else it was cut off
                    value = json.loads(line)
                    yield number, offset, value if isinstance(value, dict) else {}
                offset += len(line)
                memory.gone(len(line))
    except OSError as error:
        raise UnusableFile([Problem(str(path), 1, 1, f"cannot be read: {error}")]) from error
    except (ValueError, RecursionError) as error:
        raise UnusableFile([Problem(str(path), number, 1, f"damaged line: {error}")]) from error
