"""Findings of a run that ended early, taken over by the next one (`--resume RECORD`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenspec import __version__
from tokenspec.conformance.errors import Problem, UnusableFile, UsageError
from tokenspec.conformance.profile import Confidence, Evidence
from tokenspec.conformance.record.evidence import ShownExchange
from tokenspec.conformance.record.finding import RECORD_KEYS, Finding, SecondPlay
from tokenspec.conformance.record.header import Tested
from tokenspec.conformance.record.reading import read_record
from tokenspec.conformance.verdicts import Kind, Verdict

NAMES = {key: name for name, key in RECORD_KEYS.items()}
PLAYED_AGAIN = (Verdict.COULD_NOT_RUN, Verdict.WAIVED, Verdict.STALE_WAIVER)


def findings_of(path: Path, tested: Tested) -> dict[str, Finding]:
    """What the record at `path` has judged of this target, by key; a line cut short is dropped.

    Cases that could not run are not taken over: they are what one resumes for; nor is what was not
    confirmed yet, nor are waived ones, which this run's waivers have to meet anew.

    Raises:
        UnusableFile: it cannot be read.
        UsageError: it is of another target, profile or release.
    """
    record = read_record(path)
    _same(path, record.header, tested)
    try:
        found = [_finding(line) for line in record.findings]
    except (TypeError, ValueError, KeyError) as error:
        message = f"a finding is not one of this release: {error}"
        raise UnusableFile([Problem(str(path), 1, 1, message)]) from error
    kept = (one for one in found if one.verdict not in PLAYED_AGAIN)
    return {one.key: one for one in kept if one.confirmed is not False}


def _same(path: Path, header: Mapping[str, Any], tested: Tested) -> None:
    target = header.get("target") or {}
    profile = header.get("profile") or {}
    named = profile.get("name") if isinstance(profile, dict) else profile
    theirs = (header.get("tokenspec"), target.get("issuer"), named)
    ours = (__version__, tested.target.issuer, tested.profile.name)
    if theirs != ours:
        raise UsageError(
            f"--resume {path}: it is a record of {theirs}, not of {ours}",
            "resume with the same release, target and profile, or run anew",
        )


def _finding(line: Mapping[str, Any]) -> Finding:
    values = {name: value for name, value in line.items() if name != "type"}
    values["verdict"], values["kind"] = Verdict(line["verdict"]), Kind(line["kind"])
    for name in ("sent", "tags", "seen_in", "premises"):
        values[name] = tuple(line.get(name, ()))
    for name in ("exchanges", "twin"):
        values[name] = tuple(_exchange(item) for item in line[name])
    second = line.get("second_play")
    if second:
        values["second_play"] = _second_play(second)
    deviation = line.get("deviation")
    if deviation:
        confidence = Confidence(deviation["confidence"])
        values["deviation"] = Evidence(**{**deviation, "confidence": confidence})
    return Finding(**{NAMES.get(key, key): value for key, value in values.items()})


def _second_play(item: Mapping[str, Any]) -> SecondPlay:
    judged = {"verdict": Verdict(item["verdict"]), "kind": Kind(item["kind"])}
    return SecondPlay(**{**item, **judged, "exchanges": tuple(map(_exchange, item["exchanges"]))})


def _exchange(item: Mapping[str, Any]) -> ShownExchange:
    values = dict(item)
    for name in ("request_headers", "response_headers"):
        values[name] = tuple((key, value) for key, value in item[name])
    return ShownExchange(**values)
