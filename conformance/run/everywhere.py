"""Checks that are made on every answer of a run, whatever scenario brought it about."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from conformance.checks import CHECKS, Surround
from conformance.play.transcript import Played, Transcript
from conformance.play.verdicts import Judgement, Kind, Verdict
from conformance.profile import Evidence
from conformance.run.evidence import ShownExchange, evidence
from conformance.run.redaction import Redactor
from conformance.scenario.model import Variant

KEPT = 5  # places of one problem that a finding names

# whether a documented difference covers a judgement of a variant
Excuse = Callable[[Variant, Judgement], Evidence | None]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A problem seen in an answer of some other variant; `excuse` where it is documented."""

    variant: str
    step: str
    problem: str
    excuse: Evidence | None
    exchanges: tuple[ShownExchange, ...] = field(repr=False)


@dataclass(slots=True)
class _Watched:
    """What has been seen so far for one variant."""

    variant: Variant
    checks: tuple[str, ...]
    sightings: list[Sighting] = field(default_factory=list)
    looked_at: int = 0

    def room(self, excuse: Evidence | None) -> bool:
        """Whether one more of its sort is kept: what is excused takes no place from what is not."""
        alike = [s for s in self.sightings if (s.excuse is None) is (excuse is None)]
        return len(alike) < KEPT


class Everywhere:
    """Collects, for the checks of `every_response` variants, what all other plays show."""

    def __init__(self, variants: Iterable[Variant], excuse: Excuse) -> None:
        self._excuse = excuse
        self._lock = threading.Lock()
        self._watched = {
            variant.key: _Watched(
                variant,
                tuple(
                    name
                    for step in variant.steps
                    for outcome in step.expect
                    for name in outcome.checks
                ),
            )
            for variant in variants
            if variant.every_response
        }
        self._checks = {name for watched in self._watched.values() for name in watched.checks}

    def look(self, transcript: Transcript, source: str, surround: Surround, hide: Redactor) -> None:
        """Make every check on every answer of `transcript`, a play of the variant `source`."""
        problems = {
            (name, number): tuple(CHECKS[name].look(played, transcript, surround))
            for name in self._checks
            for number, played in enumerate(transcript.steps)
        }
        watching = [watched for key, watched in self._watched.items() if key != source]
        with self._lock:
            for watched in watching:
                watched.looked_at += len(transcript.steps)
        if not any(problems.values()):
            return
        for watched in watching:
            found = [
                (played, problem)
                for number, played in enumerate(transcript.steps)
                for name in watched.checks
                for problem in problems[name, number]
            ]
            for played, problem in found:
                excuse = self._excuse(watched.variant, sighted(watched.variant, played))
                with self._lock:
                    if not watched.room(excuse):
                        continue
                own, step = hide.for_play(), played.step.name
                shown = tuple(e for e in evidence(transcript, own) if e.step == step)[-1:]
                with self._lock:
                    sighting = Sighting(source, step, own.text(problem), excuse, shown)
                    watched.sightings.append(sighting)

    def sightings(self, key: str) -> tuple[tuple[Sighting, ...], int]:
        """The problems seen so far for a variant, and the number of answers looked at."""
        with self._lock:
            watched = self._watched.get(key)
            return (tuple(watched.sightings), watched.looked_at) if watched else ((), 0)


def control_source(scenario: str) -> str:
    """What the valid twin of a scenario is called as a place where something was seen."""
    return f"{scenario} (control)"


def sighting_kind(variant: Variant) -> Kind:
    """What a problem seen for this variant is."""
    return Kind.LEAK if "secret" in variant.tags else Kind.WRONG_ENVELOPE


def sighted(variant: Variant, played: Played) -> Judgement:
    """The judgement on an answer that shows a problem."""
    return Judgement(
        Verdict.FAIL,
        sighting_kind(variant),
        played.step.name,
        answer=played.answer,
        status=played.status,
        error=played.error,
    )
