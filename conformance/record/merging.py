"""Several records of one run, its shards, put together as one."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.record.conclusion import ExitCode, Tally, tally
from tokenspec.conformance.record.reading import read_record
from tokenspec.reports.record import Record
from tokenspec.reports.summary import rank

Line = Mapping[str, Any]
COMPLETE = "complete"  # of a footer that does not say how the run ended, too
TARGET = ("issuer", "vendor", "name", "version", "verify_tls")


def read_records(paths: Sequence[Path]) -> Record:
    """One record of one file, or of all shards of a run; evidence is read when it is looked at.

    Raises:
        UnusableFile: a file is not a record.
        UsageError: they are of different targets, suites or profiles, or the same part twice.
    """
    if not paths:
        raise UsageError("no record is named", "tokenspec report tokenspec-report/record.ndjson")
    records = [(path, read_record(path, leave_evidence=True)) for path in paths]
    if len(records) == 1:
        return _alone(records[0][1])
    first_path, first = records[0]
    for path, record in records[1:]:
        for name, said in _identity(record).items():
            if said != _identity(first)[name]:
                raise UsageError(
                    f"{path} and {first_path} are of different runs: {name} "
                    f"{said!r} and {_identity(first)[name]!r}",
                    "merge only the shards of one run; compare runs with: tokenspec diff",
                )
    _refuse_twice(records)
    return _merged([record for _, record in records])


def _identity(record: Record) -> dict[str, Any]:
    header = record.header
    target = header.get("target", {})
    return {
        **{f"target {name}": target.get(name) for name in TARGET},
        "profile": record.profile,
        "suite digest": header.get("suite", {}).get("digest"),
        "tokenspec version": header.get("tokenspec"),
        "seed": header.get("seed"),
        "number of shards": _shard(record).partition("/")[2],
    }


def _refuse_twice(records: Sequence[tuple[Path, Record]]) -> None:
    """The same part twice; only cases that look at every answer stand in several shards."""
    shards = Counter(_shard(record) for _, record in records)
    for path, record in records:
        if _shard(record) and shards[_shard(record)] > 1:
            raise UsageError(f"{path}: shard {_shard(record)} is given twice")
    if any(not _shard(record) for _, record in records):
        keys = Counter(f["key"] for _, record in records for f in record.findings)
        twice = [key for key, number in keys.items() if number > 1]
        if twice:
            raise UsageError(
                f"{twice[0]} is in several of these records, which are not shards",
                "a whole run is one record; shards are made with: tokenspec run --shard i/n",
            )


def _shard(record: Record) -> str:
    return str(record.header.get("settings", {}).get("shard") or "")


def _alone(record: Record) -> Record:
    return replace(record, missing_shards=_missing([_shard(record)]))


def _merged(records: Sequence[Record]) -> Record:
    findings: dict[str, Line] = {}
    for record in records:
        for finding in record.findings:
            known = findings.get(finding["key"])
            if known is None or rank(finding["verdict"]) < rank(known["verdict"]):
                findings[finding["key"]] = finding
    first = min(records, key=lambda record: str(record.header.get("started", "")))
    suite = dict(first.header.get("suite", {}))
    requirements = _requirements(records)
    suite["selected"] = len({key for row in requirements for key in row["cases"]})
    settings = {**first.header.get("settings", {}), "shard": None}
    return Record(
        header={**first.header, "suite": suite, "settings": settings},
        findings=tuple(findings.values()),
        footer=_footer(records, findings.values(), settings.get("fail_on") or "must"),
        requirements=requirements,
        faults=tuple(fault for record in records for fault in record.faults),
        missing_shards=_missing([_shard(record) for record in records]),
    )


def _requirements(records: Sequence[Record]) -> tuple[Line, ...]:
    rows: dict[str, dict[str, Any]] = {}
    for record in records:
        for row in record.requirements:
            known = rows.setdefault(row["requirement"], {**row, "cases": []})
            known["cases"] = list(dict.fromkeys([*known["cases"], *row["cases"]]))
            if row["cases"]:
                known["reason"] = ""
    for row in rows.values():
        row["not_selected"] = [key for key in row["not_selected"] if key not in row["cases"]]
    return tuple(rows.values())


def _footer(records: Sequence[Record], findings: Iterable[Line], fail_on: str) -> Line | None:
    """As of one run that lasted from the first beginning to the last end; None if one has none."""
    footers = [record.footer for record in records if record.footer is not None]
    if len(footers) < len(records):
        return None
    problems = {(p["id"], p["problem"]): p for f in footers for p in f.get("waivers", ())}
    counted = tally(findings, fail_on)
    counted.faults = sum(footer["faults"] for footer in footers)
    counted.waiver_problems = len(problems)
    ways = [footer.get("ended", COMPLETE) for footer in footers]
    ended = next((way for way in ways if way != COMPLETE), COMPLETE)
    return {
        "type": "footer",
        "finished": max(footer["finished"] for footer in footers),
        "seconds": round(sum(footer["seconds"] for footer in footers), 3),
        "counts": dict(sorted(counted.counts.items())),
        "faults": counted.faults,
        "requests": sum(footer.get("requests", 0) for footer in footers),
        "codes": sum(footer.get("codes", 0) for footer in footers),
        "ended": ended,
        "left": sum(footer.get("left", 0) for footer in footers),
        "at_once": min((footer.get("at_once", []) for footer in footers), key=_last),
        "waivers": list(problems.values()),
        "exit_code": int(_exit_code(counted, ended)),
    }


def _last(at_once: Sequence[int]) -> int:
    """How many cases were played at once in the end; many, where that is not known."""
    return at_once[-1] if at_once else sys.maxsize


def _exit_code(counted: Tally, ended: str) -> ExitCode:
    if ended == "interrupted":
        return ExitCode.INTERRUPTED
    code = counted.exit_code
    early = ended != COMPLETE and code is ExitCode.CONFORMS
    return ExitCode.NOT_ESTABLISHED if early else code


def _missing(shards: Iterable[str]) -> tuple[str, ...]:
    given = {shard for shard in shards if shard}
    total = max((int(shard.partition("/")[2]) for shard in given), default=0)
    return tuple(f"{i}/{total}" for i in range(1, total + 1) if f"{i}/{total}" not in given)
