"""Uniform symptoms: the same wrong thing seen in many cases, whatever they are about.

A server that answers every refusal with status 403 has one fault, and perhaps none of those that
the dictionary knows. Such a group is a candidate beside them; it has to explain more than they do.
What no known fault is like is put together by what was seen, wherever several scenarios saw it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tokenspec.conformance.diagnosis.scoring import EXPLAINED
from tokenspec.conformance.diagnosis.search import Candidate
from tokenspec.conformance.diagnosis.shown import BROKEN, SAME, shown_in
from tokenspec.reports.symptoms import Symptom, step_kind

Line = Mapping[str, Any]
PRIOR = -8.0  # less likely than any known fault, as it is made of what it explains
STATUS_OF_REFUSALS = "RFC6749-5.2-status_400"
CASES, SCENARIOS = 3, 2  # that have to say the same at least
_REFUSAL = re.compile(r"status (?P<status>\d+), error (?P<error>\w+)")
_STATUS = re.compile(r"\b[45]\d\d\b")


def uniform(told: Mapping[str, Line]) -> dict[str, Candidate]:
    """A candidate for each symptom that several scenarios show."""
    groups: dict[Symptom, list[Line]] = {}
    for line in told.values():
        symptom = Symptom.of(line) if line["verdict"] in BROKEN else None
        if symptom is not None:
            groups.setdefault(symptom, []).append(line)
    found = (_candidate(lines) for lines in groups.values() if _many(lines))
    return {one.name: one for one in found}


def _many(lines: Iterable[Line]) -> bool:
    own = list(lines)
    return len(own) >= CASES and len({line["scenario"] for line in own}) >= SCENARIOS


def _candidate(lines: list[Line]) -> Candidate:
    return Candidate(name_of(lines), {line["key"]: EXPLAINED[SAME] for line in lines}, 0.0, PRIOR)


def name_of(lines: Iterable[Line]) -> str:
    """What findings that were seen alike are called, whatever their order."""
    first = min(lines, key=lambda line: str(line["key"]))
    return f"uniform:{first['kind']}:{first['key']}"


def symptom(line: Line) -> tuple[str, str, str]:
    """Kind, endpoint, and what findings of it may have in common: what was seen, or the rule."""
    kind, step = str(line["kind"]), step_kind(line)
    endpoint = "token" if step == "refresh" else step
    if kind == "accepted":  # what was granted is another matter by each rule
        return kind, endpoint, str(line["requirement"])
    return kind, endpoint, status_alone(line) or shown_in(line).seen


def status_alone(line: Line) -> str:
    """The status of a refusal of which nothing else is wrong; empty for others."""
    said = _REFUSAL.search(str(line["observed"]))
    if line["kind"] != "wrong-error" or said is None:
        return ""
    due = str(line["expected"])
    fits = re.search(rf"\b{said['error']}\b", due) and said["status"] not in due
    return said["status"] if fits and _STATUS.search(due) else ""


def rule(lines: Iterable[Line]) -> str:
    """The requirement that findings seen alike break together; empty where each has its own."""
    own = list(lines)
    at_token = symptom(own[0])[1] == "token"
    due = all(status_alone(line) and "400" in line["expected"] for line in own)
    return STATUS_OF_REFUSALS if at_token and due else ""


def seen_alike(lines: Iterable[Line]) -> list[list[Line]]:
    """Those of the findings that several scenarios saw alike, a symptom each."""
    return [group for group in _grouped(lines, symptom) if _many(group)]


def of_scenarios(lines: Iterable[Line]) -> list[list[Line]]:
    """The findings, those of a scenario that say the same as one."""
    return _grouped(lines, _of_scenario)


def _of_scenario(line: Line) -> tuple[str, str, str]:
    return line["scenario"], line["requirement"], line["kind"]


def _grouped(lines: Iterable[Line], by: Callable[[Line], object]) -> list[list[Line]]:
    groups: dict[object, list[Line]] = {}
    for line in lines:
        groups.setdefault(by(line), []).append(line)
    return list(groups.values())
