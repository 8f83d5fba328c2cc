"""Uniform symptoms: the same wrong thing seen in many cases, whatever they are about.

A server that answers every refusal with status 403 has one fault, and perhaps none of those that
the dictionary knows. Such a group is a candidate beside them; it has to explain more than they do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tokenspec.conformance.diagnosis.scoring import EXPLAINED
from tokenspec.conformance.diagnosis.search import Candidate
from tokenspec.conformance.diagnosis.shown import BROKEN, SAME
from tokenspec.reports.symptoms import Symptom

Line = Mapping[str, Any]
PRIOR = -8.0  # less likely than any known fault, as it is made of what it explains
CASES, SCENARIOS = 3, 2  # that have to say the same at least


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
    first = min(lines, key=lambda line: str(line["key"]))
    name = f"uniform:{first['kind']}:{first['key']}"
    return Candidate(name, {line["key"]: EXPLAINED[SAME] for line in lines}, 0.0, PRIOR)


def leftovers(told: Mapping[str, Line], explained: frozenset[str]) -> list[list[Line]]:
    """What no cause explains: the broken findings, those of a scenario that say the same as one."""
    groups: dict[object, list[Line]] = {}
    for key, line in told.items():
        if line["verdict"] in BROKEN and key not in explained:
            named = (line["scenario"], line["requirement"], line["kind"])
            groups.setdefault(named, []).append(line)
    return list(groups.values())
