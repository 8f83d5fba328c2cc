"""What has to be refused because its time is over was good until shortly before.

A code or token may be refused for another reason than its age: a server that keeps few of them
forgot it, or another case ended it. So another of the same age, made just before it, is shown
shortly before its time is over, and has to be taken then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tokenspec.conformance.play.transcript import Played
from tokenspec.conformance.play.wording import answer_text
from tokenspec.conformance.scenario.model import (
    AT_TOKEN_ENDPOINT,
    OPENED,
    Answer,
    Changes,
    HttpChanges,
    Step,
    StepKind,
)

LIFETIMES = ("code", "access-token", "refresh-token")  # that `after` of a step may name
SHOWN = (*AT_TOKEN_ENDPOINT, *OPENED, StepKind.INTROSPECT)
SHORTLY, SHARE = 3.0, 0.1  # seconds before the end of a lifetime, or so much of it if that is more


@dataclass(frozen=True, slots=True)
class Expiry:
    """A play around its wait.

    Attributes:
        before: the steps that lead to what is to expire.
        valid: the request that shows it, as it is sent before its time is over.
        rest: the same after its time, and what follows.
        lifetime: whose time it is: a word of `LIFETIMES`.
    """

    before: tuple[Step, ...]
    valid: Step
    rest: tuple[Step, ...]
    lifetime: str


def expiry_of(steps: Sequence[Step]) -> Expiry | None:
    """The first step that has to be refused for nothing but its age; None where there is none."""
    for number, step in enumerate(steps):
        http = step.changes.http
        if http is None or http.after not in LIFETIMES:
            continue
        waits_only = step.changes == Changes(http=HttpChanges(after=http.after))
        if waits_only and step.kind in SHOWN and _to_be_refused(step):
            shown = replace(step, changes=Changes(), expect=(), oracle=False)
            return Expiry(tuple(steps[:number]), shown, tuple(steps[number:]), http.after)
    return None


def seconds_before(lifetime: float) -> float:
    """How long before the end of a lifetime, in seconds, a thing is shown that is as old."""
    return min(max(SHORTLY, lifetime * SHARE), lifetime / 2)


def refused_early(played: Played | None) -> str:
    """How a thing was answered that was not too old yet; empty where it was taken."""
    if played is None:
        return "it could not be sent"
    inactive = played.step.kind is StepKind.INTROSPECT and played.received.get("active") is not True
    if played.answer is Answer.GRANTED and not inactive:
        return ""
    return answer_text(played) + ("; not active" if inactive else "")


def _to_be_refused(step: Step) -> bool:
    passing = [outcome for outcome in step.expect if outcome.verdict == "pass"]
    granted = any(outcome.answer is Answer.GRANTED for outcome in passing)
    return bool(passing) and (step.kind is StepKind.INTROSPECT or not granted)
