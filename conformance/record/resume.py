"""Findings of a run that ended early, taken over by the next one (`--resume RECORD`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenspec import __version__
from tokenspec.conformance.errors import Problem, UnusableFile, UsageError
from tokenspec.conformance.profile import Confidence, Evidence
from tokenspec.conformance.record.evidence import ShownExchange
from tokenspec.conformance.record.finding import RECORD_KEYS, Finding, SecondPlay
from tokenspec.conformance.record.header import Tested
from tokenspec.conformance.record.look import LookedAt, Sighting
from tokenspec.conformance.record.reading import read_record
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.verdicts import Kind, Verdict

NAMES = {key: name for name, key in RECORD_KEYS.items()}
OF_WAIVERS = ("waived: ", "the waiver at ")  # how notes on them begin


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What an earlier part of a run has judged, by key, and what its answers have shown."""

    findings: Mapping[str, Finding]
    looks: tuple[LookedAt, ...] = ()

    def of(self, cases: Iterable[Case]) -> TakenOver:
        """What counts in a run of these cases.

        What looks at every answer is concluded anew where there are further answers.
        """
        chosen = {case.key: case for case in cases}
        known = {key: found for key, found in self.findings.items() if key in chosen}
        if any(key not in known for key, case in chosen.items() if not case.every_response):
            known = {key: found for key, found in known.items() if not chosen[key].every_response}
        return TakenOver(known, self.looks)


def taken_over(path: Path, tested: Tested) -> TakenOver:
    """What the record at `path` has of this target; a line cut short is dropped.

    Cases that could not run are not taken over: they are what one resumes for; nor is what was not
    confirmed yet. Waivers and the baseline are those of the new run.

    Raises:
        UnusableFile: it cannot be read.
        UsageError: it is of another target, profile or release.
    """
    record = read_record(path)
    _same(path, record.header, tested)
    try:
        found = [_finding(line) for line in record.findings]
        looks = tuple(map(_look, record.looks))
    except (TypeError, ValueError, KeyError) as error:
        message = f"a finding is not one of this release: {error}"
        raise UnusableFile([Problem(str(path), 1, 1, message)]) from error
    kept = (one for one in found if one.verdict is not Verdict.COULD_NOT_RUN)
    return TakenOver({one.key: one for one in kept if one.confirmed is not False}, looks)


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
    values["verdict"] = Verdict(line.get("judged") or line["verdict"])
    values["kind"] = Kind(line["kind"])
    values |= {"judged": "", "known": False, "waiver": None}
    if line.get("waiver"):
        values["note"] = _without_waiver(line["note"])
    for name in ("sent", "tags", "seen_in", "premises"):
        values[name] = tuple(line.get(name, ()))
    for name in ("exchanges", "twin"):
        values[name] = tuple(_exchange(item) for item in line[name])
    second = line.get("second_play")
    if second:
        values["second_play"] = _second_play(second)
    deviation = line.get("deviation")
    if deviation:
        values["deviation"] = _deviation(deviation)
    return Finding(**{NAMES.get(key, key): value for key, value in values.items()})


def _without_waiver(note: str) -> str:
    """A note as it was before a waiver was looked at, which puts its own behind it."""
    parts = note.split("; ")
    said = (place for place, part in enumerate(parts) if part.startswith(OF_WAIVERS))
    return "; ".join(parts[: next(said, len(parts))])


def _deviation(line: Mapping[str, Any]) -> Evidence:
    return Evidence(**{**line, "confidence": Confidence(line["confidence"])})


def _look(line: Mapping[str, Any]) -> LookedAt:
    return LookedAt(line["key"], line["looked_at"], _sighting(line["sighting"]))


def _sighting(line: Mapping[str, Any] | None) -> Sighting | None:
    if line is None:
        return None
    excuse = _deviation(line["excuse"]) if line["excuse"] else None
    exchanges = tuple(map(_exchange, line["exchanges"]))
    return Sighting(line["case"], line["step"], line["problem"], excuse, exchanges)


def _second_play(item: Mapping[str, Any]) -> SecondPlay:
    judged = {"verdict": Verdict(item["verdict"]), "kind": Kind(item["kind"])}
    return SecondPlay(**{**item, **judged, "exchanges": tuple(map(_exchange, item["exchanges"]))})


def _exchange(item: Mapping[str, Any]) -> ShownExchange:
    values = dict(item)
    for name in ("request_headers", "response_headers"):
        values[name] = tuple((key, value) for key, value in item[name])
    return ShownExchange(**values)
