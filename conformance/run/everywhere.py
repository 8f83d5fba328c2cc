"""Checks that are made on every answer of a run, whatever scenario brought it about."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from conformance.checks import CHECKS, Surround
from conformance.play.transcript import Transcript
from conformance.run.evidence import ShownExchange, evidence
from conformance.run.redaction import Redactor
from conformance.scenario.model import Variant

KEPT = 5  # places of one problem that a finding names


@dataclass(frozen=True, slots=True)
class Sighting:
    """A problem seen in an answer of some other variant."""

    variant: str
    step: str
    problem: str
    exchanges: tuple[ShownExchange, ...] = field(repr=False)


class Everywhere:
    """Collects, for the checks of `every_response` variants, what all other plays show."""

    def __init__(self, variants: Iterable[Variant]) -> None:
        self._checks: Mapping[str, tuple[str, ...]] = {
            variant.key: tuple(
                name for step in variant.steps for outcome in step.expect for name in outcome.checks
            )
            for variant in variants
            if variant.every_response
        }
        self._lock = threading.Lock()
        self._sightings: dict[str, list[Sighting]] = {key: [] for key in self._checks}
        self._looked_at: dict[str, int] = dict.fromkeys(self._checks, 0)

    def look(self, transcript: Transcript, source: str, surround: Surround, hide: Redactor) -> None:
        """Make every check on every answer of `transcript`, a play of the variant `source`."""
        for key, names in self._checks.items():
            if source == key:
                continue
            found = [
                (played.step.name, problem)
                for played in transcript.steps
                for name in names
                for problem in CHECKS[name].look(played, transcript, surround)
            ]
            with self._lock:
                self._looked_at[key] += len(transcript.steps)
                room = KEPT - len(self._sightings[key])
            for step, problem in found[: max(room, 0)]:
                own = hide.for_play()
                shown = tuple(e for e in evidence(transcript, own) if e.step == step)[-1:]
                with self._lock:
                    self._sightings[key].append(Sighting(source, step, own.text(problem), shown))

    def sightings(self, key: str) -> tuple[tuple[Sighting, ...], int]:
        """The problems seen so far for a variant, and the number of answers looked at."""
        with self._lock:
            return tuple(self._sightings.get(key, ())), self._looked_at.get(key, 0)
