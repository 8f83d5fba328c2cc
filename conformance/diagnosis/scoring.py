"""How well a fault explains findings: logarithms of odds, added up over cases.

All are rough, and the same for all faults; `likelihood` makes of their differences what can be
said in percent. What weighs is told in `docs/diagnosis.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tokenspec.conformance.diagnosis.shown import ANOTHER, SAME, SAME_KIND, Shown

PRIOR = -3.0  # that a server has this fault at all
CITED = 0.5  # more than that, where every broken case cites the requirement of the fault
UNEXPLAINED: Mapping[str, float] = {"fail": -5.0, "warn": -5.0, "observe": -0.4}
OPEN_UNEXPLAINED = -0.3
EXPLAINED: Mapping[int, float] = {SAME: -0.2, SAME_KIND: -1.6, ANOTHER: -3.0}
MISSED: Mapping[str, float] = {"fail": -1.5, "warn": -1.5, "observe": -0.3, "could-not-run": -0.7}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a run found, as far as faults may explain it.

    Attributes:
        seen: by case, what is not as at a conforming server.
        good: cases that are.
    """

    seen: Mapping[str, Shown]
    good: frozenset[str]


Row = Mapping[str, Shown]
Explained = Mapping[str, float]  # by case, how well it is explained up to now


def unexplained(seen: Shown) -> float:
    """What a finding weighs that nothing explains."""
    return OPEN_UNEXPLAINED if seen.left_open else UNEXPLAINED.get(seen.verdict, -5.0)


def fits(row: Row, evidence: Evidence) -> dict[str, float]:
    """By case, how well a fault explains what was found there; where it explains anything."""
    found = {}
    for key, expected in row.items():
        seen = evidence.seen.get(key)
        if seen is None:
            continue
        if seen.left_open:
            found[key] = OPEN_UNEXPLAINED / 2
        elif not (expected.left_open or expected.contradicts(seen)):
            found[key] = EXPLAINED[expected.likeness(seen)]
    return found


def misses(row: Row, evidence: Evidence) -> float:
    """What it weighs that cases were good, or refused, which the fault would have granted."""
    seen = evidence.seen
    refused = {key for key in row.keys() & seen.keys() if row[key].denied_by(seen[key])}
    against = (row.keys() & evidence.good) | refused
    return sum(MISSED.get(row[key].verdict, 0.0) for key in against)


def gain(found: Mapping[str, float], missed: float, explained: Explained, prior: float) -> float:
    """How much better everything is explained with the fault than without it."""
    better = (score - explained[key] for key, score in found.items())
    return prior + missed + sum(one for one in better if one > 0)
