"""The smallest set of faults that explains nearly all: the best is taken, then the next best.

A fault that explains a finding others explain already gains nothing by it; so the gain of each only
falls as the set grows, and most need not be looked at again.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field

from tokenspec.conformance.diagnosis.scoring import (
    CITED,
    PRIOR,
    Evidence,
    Row,
    fits,
    gain,
    misses,
    unexplained,
)

SWAPS = 3  # times that each fault of the set is held against all others


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fault that may be there. `found` says by case how well it explains what was found."""

    name: str
    found: Mapping[str, float]
    missed: float
    prior: float = PRIOR

    def gain(self, explained: Mapping[str, float]) -> float:
        """What it adds to faults that explain so much."""
        return gain(self.found, self.missed, explained, self.prior)


@dataclass(slots=True)
class Search:
    """A search among candidates, by name."""

    evidence: Evidence
    candidates: Mapping[str, Candidate]
    chosen: list[str] = field(default_factory=list)

    def run(self) -> list[str]:
        """The names of the faults that explain most with least."""
        self._grow()
        for _ in range(SWAPS):
            if not self._swap():
                break
            self._grow()
        self._shrink()
        return self.chosen

    def explained(self, without: str = "") -> dict[str, float]:
        """By case, how well the chosen faults explain what was found, all but one of them."""
        best = {key: unexplained(seen) for key, seen in self.evidence.seen.items()}
        for name in self.chosen:
            if name != without:
                for key, score in self.candidates[name].found.items():
                    best[key] = max(best[key], score)
        return best

    def rivals(self, name: str) -> dict[str, float]:
        """What each candidate would gain in the place of a chosen one, where it explains alike."""
        rest = self.explained(without=name)
        own = self.adds(name, rest)
        others = (c for n, c in self.candidates.items() if n not in self.chosen or n == name)
        return {c.name: c.gain(rest) for c in others if own & c.found.keys()}

    def adds(self, name: str, rest: Mapping[str, float] | None = None) -> frozenset[str]:
        """The broken cases that a chosen fault explains and the others do not, or not so well."""
        rest = self.explained(without=name) if rest is None else rest
        found = self.candidates[name].found
        return frozenset(
            key for key, score in found.items() if score > rest[key] and self._broken(key)
        )

    def _broken(self, key: str) -> bool:
        return self.evidence.seen[key].broken

    def _grow(self) -> None:
        explained = self.explained()
        heap = [(-c.gain(explained), name) for name, c in self.candidates.items()]
        heapq.heapify(heap)
        while heap:
            _before, name = heapq.heappop(heap)
            if name in self.chosen:
                continue
            now = self.candidates[name].gain(explained)
            if now <= 0:
                continue
            if heap and -now > heap[0][0]:
                heapq.heappush(heap, (-now, name))
                continue
            better = [k for k, s in self.candidates[name].found.items() if s > explained[k]]
            if any(map(self._broken, better)):
                self.chosen.append(name)
                explained |= {key: self.candidates[name].found[key] for key in better}

    def _swap(self) -> bool:
        """Put in the place of each the one that gains most there; whether any was put."""
        changed = False
        for name in tuple(self.chosen):
            rivals = self.rivals(name)
            best = max(sorted(rivals), key=rivals.__getitem__, default=name)
            if rivals.get(best, 0.0) > rivals.get(name, 0.0) + 1e-9:
                self.chosen[self.chosen.index(name)] = best
                changed = True
        return changed

    def _shrink(self) -> None:
        for name in tuple(reversed(self.chosen)):
            rest = self.explained(without=name)
            if self.candidates[name].gain(rest) <= 0 or not self.adds(name, rest):
                self.chosen.remove(name)


def candidates(
    rows: Mapping[str, Row], evidence: Evidence, about: Mapping[str, str]
) -> dict[str, Candidate]:
    """The faults of a dictionary that explain anything that is broken.

    `about` has the requirement of each case and each fault: of two faults that show the same, the
    one is likelier that what is broken was asked about.
    """
    broken = {key for key, seen in evidence.seen.items() if seen.broken}
    found = {}
    for name, row in sorted(rows.items()):
        own = broken & row.keys()
        if not own:
            continue
        cited = sum(about.get(key) == about.get(name) for key in own) / len(own)
        prior = PRIOR + CITED * cited
        found[name] = Candidate(name, fits(row, evidence), misses(row, evidence), prior)
    return {name: one for name, one in found.items() if not broken.isdisjoint(one.found)}
