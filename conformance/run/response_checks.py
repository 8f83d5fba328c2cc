"""Checks that are made on every answer of a run, whatever scenario brought it about."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from tokenspec.conformance.checks import CHECKS, CheckContext
from tokenspec.conformance.checks.subjects import subjects_of
from tokenspec.conformance.http import OUT_OF_SERVICE
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.profile import Evidence
from tokenspec.conformance.record.evidence import evidence
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.record.look import LookedAt, Sighting
from tokenspec.conformance.record.redaction import Redactor
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.verdicts import SEVERITY, Judgement, Kind, Verdict

KEPT = 5  # places of one problem that a finding names

# whether a documented difference covers a judgement of a case
Excuse = Callable[[Case, Judgement], Evidence | None]


@dataclass(slots=True)
class _Watched:
    """What has been seen so far for one case."""

    case: Case
    checks: tuple[str, ...]
    sightings: list[Sighting] = field(default_factory=list)
    looked_at: int = 0

    def room(self, excuse: Evidence | None) -> bool:
        """Whether one more of its sort is kept: what is excused takes no place from what is not."""
        alike = [s for s in self.sightings if (s.excuse is None) is (excuse is None)]
        return len(alike) < KEPT

    def add(self, sighting: Sighting) -> bool:
        """Keep one, unless it is known; whether it was not."""
        place = (sighting.case, sighting.step, sighting.problem)
        if place in ((s.case, s.step, s.problem) for s in self.sightings):
            return False
        self.sightings.append(sighting)
        return True


def checked_everywhere(cases: Iterable[Case]) -> frozenset[str]:
    """The names of the checks that are made on every answer, where these cases are examined."""
    return frozenset(name for case in cases if case.every_response for name in _checks_of(case))


def _checks_of(case: Case) -> Iterator[str]:
    outcomes = (outcome for step in case.steps for outcome in step.expect)
    return (name for outcome in outcomes for name in outcome.checks)


class ResponseChecks:
    """Collects, for the checks of `every_response` cases, what all other plays show.

    Args:
        cases: everything that may be examined.
        excuse: whether a documented difference covers an answer.
        on_look: called with the first look of each such case, and with each sighting.
    """

    def __init__(
        self,
        cases: Iterable[Case],
        excuse: Excuse,
        on_look: Callable[[LookedAt], None] = lambda _look: None,
    ) -> None:
        self._excuse = excuse
        self._on_look = on_look
        self._lock = threading.Lock()
        cases = tuple(cases)
        self._watched = {
            case.key: _Watched(
                case,
                tuple(_checks_of(case)),
            )
            for case in cases
            if case.every_response
        }
        self._own = {case.key: frozenset(_checks_of(case)) for case in cases}
        self.checks = frozenset(n for watched in self._watched.values() for n in watched.checks)
        self._subjects = frozenset(s for name in self.checks for s in CHECKS[name].speaks_of)

    def take_over(self, looks: Iterable[LookedAt]) -> None:
        """Know what an earlier part of the run has shown."""
        for look in looks:
            watched = self._watched.get(look.key)
            if watched is not None:
                watched.looked_at = max(watched.looked_at, look.looked_at)
                if look.sighting is not None:
                    watched.add(look.sighting)

    def look(
        self, transcript: Transcript, source: str, context: CheckContext, hide: Redactor
    ) -> None:
        """Make every check on the answers of a play of `source` that it speaks of.

        A check that the source makes itself is left to it, so that one fault is told once.
        """
        own = self._own.get(source, frozenset())
        looks = [self._problems(played, transcript, context) for played in transcript.steps]
        watching = [watched for key, watched in self._watched.items() if key != source]
        with self._lock:
            for watched in watching:
                before = watched.looked_at
                watched.looked_at += sum(
                    not problems.keys().isdisjoint(watched.checks) for problems in looks
                )
                if watched.looked_at and not before:
                    self._on_look(LookedAt(watched.case.key, watched.looked_at))
        if not any(any(problems.values()) for problems in looks):
            return
        for watched in watching:
            found = [
                (played, problem)
                for played, problems in zip(transcript.steps, looks, strict=True)
                for name in watched.checks
                if name not in own
                for problem in problems.get(name, ())
            ]
            for played, problem in found:
                excuse = self._excuse(watched.case, sighted(watched.case, played))
                with self._lock:
                    if not watched.room(excuse):
                        continue
                hidden, step = hide.for_play(), played.step.name
                shown = tuple(e for e in evidence(transcript, hidden) if e.step == step)[-1:]
                sighting = Sighting(source, step, hidden.text(problem), excuse, shown)
                with self._lock:
                    if watched.add(sighting):
                        self._on_look(LookedAt(watched.case.key, watched.looked_at, sighting))

    def _problems(
        self, played: Played, transcript: Transcript, context: CheckContext
    ) -> dict[str, tuple[str, ...]]:
        """What each check that speaks of an answer finds; what the answer is, is asked once."""
        if played.status in OUT_OF_SERVICE:  # what a gateway says is no answer of the server
            return {}
        about = subjects_of(played, self._subjects)
        return {
            name: tuple(CHECKS[name].find(played, transcript, context))
            for name in self.checks
            if not about.isdisjoint(CHECKS[name].speaks_of)
        }

    def sightings(self, key: str) -> tuple[tuple[Sighting, ...], int]:
        """The problems seen so far for a case, and the number of answers that it spoke of."""
        with self._lock:
            watched = self._watched.get(key)
            return (tuple(watched.sightings), watched.looked_at) if watched else ((), 0)


def control_source(scenario: str) -> str:
    """What the control of a scenario is called as a place where something was seen."""
    return f"{scenario} (control)"


def sighting_kind(case: Case) -> Kind:
    """What a problem seen for this case is."""
    return Kind.LEAK if "secret" in case.tags else Kind.WRONG_ENVELOPE


def sighted(case: Case, played: Played) -> Judgement:
    """The judgement on an answer that shows a problem."""
    return Judgement(
        Verdict.FAIL,
        sighting_kind(case),
        played.step.name,
        answer=played.answer,
        status=played.status,
        error=played.error,
    )


def seen_elsewhere(
    case: Case, finding: Finding, seen: Sequence[Sighting], note: str, verdict: Verdict
) -> Finding:
    """A finding on what other answers of the run showed, where its own play says nothing graver."""
    own = finding.verdict
    if own in SEVERITY and SEVERITY.index(own) > SEVERITY.index(verdict):
        return finding
    return replace(
        finding,
        verdict=verdict,
        kind=sighting_kind(case),
        observed=_seen_in_words(seen),
        note=note,
        deviation=seen[0].excuse if verdict is Verdict.DEVIATION else None,
        exchanges=tuple(exchange for s in seen for exchange in s.exchanges),
        seen_in=tuple(dict.fromkeys(s.case for s in seen)),
    )


def _seen_in_words(seen: Iterable[Sighting]) -> str:
    """Each problem once, with the places where it was seen."""
    places: dict[str, list[str]] = {}
    for sighting in seen:
        places.setdefault(sighting.problem, []).append(f"{sighting.case}, {sighting.step}")
    return "; ".join(f"{problem} ({'; '.join(where)})" for problem, where in places.items())
