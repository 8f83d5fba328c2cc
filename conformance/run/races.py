"""A race is run again and again, since luck decides what shows in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tokenspec.conformance.play.transcript import Transcript
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.verdicts import SEVERITY, Judgement, Verdict

Seen = tuple[Transcript, Judgement]
RACES = 6  # times that a race is run before it counts as withstood
MEETINGS = 12  # the same where different requests race: which of them comes first is luck as well


def raced(case: Case) -> bool:
    """Whether some of its requests are sent at the same moment."""
    return any(step.raced for step in case.steps)


def most_plays(case: Case) -> int:
    """How often a case is played at most."""
    if any(step.concurrent_group for step in case.steps):
        return MEETINGS
    return RACES if raced(case) else 1


def gravity(judgement: Judgement) -> int:
    """How grave a verdict is; the gravest has the highest number."""
    return SEVERITY.index(judgement.verdict)


def of_races(races: Sequence[Seen]) -> Seen:
    """What counts of the runs of a race; in words how often it came, where it is no pass."""
    transcript, judgement = max(races, key=lambda race: gravity(race[1]))
    alike = sum(seen.verdict is judgement.verdict for _, seen in races)
    told = "" if judgement.verdict is Verdict.PASS else f"seen in {alike} of {len(races)} races"
    note = "; ".join(part for part in (judgement.note, told) if part)
    return transcript, replace(judgement, note=note, races=len(races))
