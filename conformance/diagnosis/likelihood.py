"""How likely a cause is: its odds against every fault that could stand in its place.

The odds are softened by one number. Whether as many are right as are said to be was seen in runs
that had no part in making the dictionary: `benchmarks/diagnosis.md` has them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from tokenspec.conformance.diagnosis.model import Alternative
from tokenspec.conformance.diagnosis.scoring import Evidence, unexplained
from tokenspec.conformance.diagnosis.search import Search
from tokenspec.conformance.diagnosis.wording import sentence

SOFTENED = 1.5  # differences of scores are divided by it: cases are not independent
UNKNOWN = -8.0  # that it is a fault which no dictionary knows
BY_CHANCE = -0.8  # that it shows in one case what a known one would
LEAST = 0.05  # an alternative less likely is not told
MOST = 3  # alternatives that are told


def shares(search: Search, name: str) -> dict[str, float]:
    """Of a chosen fault and each rival the share of likelihood; they and the unknown make 1."""
    scores = {n: score / SOFTENED for n, score in search.rivals(name).items()}
    unknown = _unknown(search.evidence, search.adds(name)) / SOFTENED
    highest = max((*scores.values(), unknown))
    weights = {n: math.exp(score - highest) for n, score in scores.items()}
    total = sum(weights.values()) + math.exp(unknown - highest)
    return {n: weight / total for n, weight in weights.items()}


def said(share: float) -> float:
    """What can be said of a share: rounded to a hundredth, never a certainty."""
    return round(min(max(share, 0.01), 0.99), 2)


def alternatives(found: Mapping[str, float], name: str) -> tuple[Alternative, ...]:
    """The rivals that are worth telling, the likeliest first; uniform symptoms are none."""
    told = [
        Alternative(other, sentence(other), said(share))
        for other, share in found.items()
        if other != name and share >= LEAST and ":" not in other
    ]
    return tuple(sorted(told, key=lambda one: (-one.likelihood, one.id))[:MOST])


def _unknown(evidence: Evidence, keys: Collection[str]) -> float:
    """What a fault gains that would show all of this: less for each, as it would be by chance."""
    better = (BY_CHANCE - unexplained(evidence.seen[key]) for key in keys)
    return UNKNOWN + sum(better)
