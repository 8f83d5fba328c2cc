"""Target and oracle held against each other, step by step, until they part."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.play.oracle import Told
from conformance.play.transcript import Played, Transcript
from conformance.play.verdicts import Kind
from conformance.play.wording import answer_text
from conformance.scenario.model import Answer, StepKind

REFUSALS = (Answer.REFUSED, Answer.ERROR_PAGE)
# What a grant stands on where no guard of the oracle refused, by the kind of request.
GRANTS = {
    StepKind.AUTHORIZE: "RFC6749-4.1.2-code_required",
    StepKind.TOKEN: "RFC6749-4.1.4-success_200",
    StepKind.REFRESH: "RFC6749-6-success_as_5_1",
    StepKind.USERINFO: "OIDCC-5.3.2-sub",
    StepKind.REVOKE: "RFC7009-2.2-success_200",
    StepKind.INTROSPECT: "RFC7662-2.2-active_boolean",
}


@dataclass(frozen=True, slots=True)
class Parting:
    """The first step at which target and oracle differ.

    `guard` is the oracle's guard that refused, empty where it granted; `requirement` what the guard
    enforces, or what the grant stands on.
    """

    step: str
    step_kind: StepKind
    kind: Kind
    guard: str
    requirement: str
    expected: str
    observed: str

    @property
    def signature(self) -> tuple[str, str, str]:
        """What makes two partings the same finding."""
        return (str(self.step_kind), str(self.kind), self.guard)


def part(target: Transcript, told: Told) -> Parting | None:
    """Where the two plays of one case part; None where they agree to the end of either."""
    for ours in told.transcript.steps:
        theirs = target.step(ours.step.name)
        if theirs is None or theirs.answer is Answer.NO_ANSWER:
            return None
        kind = _kind(theirs, ours)
        if kind is not Kind.NONE:
            return _parting(kind, theirs, ours, told)
        if ours.answer is not Answer.GRANTED and not ours.step.judged:
            return None
    return None


def _kind(theirs: Played, ours: Played) -> Kind:
    """By class first; what is granted is then compared by what it is bound to."""
    if theirs.answer is Answer.SERVER_ERROR:
        return Kind.SERVER_ERROR
    if ours.answer in REFUSALS:
        if theirs.answer is Answer.GRANTED:
            return Kind.ACCEPTED
        return Kind.LEAK if theirs.answer is Answer.ELSEWHERE else Kind.NONE
    if ours.answer is Answer.GRANTED:
        if theirs.answer in REFUSALS:
            return Kind.REFUSED
        return Kind.WRONG_ENVELOPE if _bound(theirs) != _bound(ours) else Kind.NONE
    return Kind.NONE


def _bound(played: Played) -> str:
    """The type of the token: to a key, or to whoever bears it."""
    value = played.received.get("token_type")
    return value.lower() if isinstance(value, str) else ""


def _parting(kind: Kind, theirs: Played, ours: Played, told: Told) -> Parting:
    refusal = told.refusals.get(ours.step.name)
    return Parting(
        step=ours.step.name,
        step_kind=ours.step.kind,
        kind=kind,
        guard=refusal.guard if refusal else "",
        requirement=refusal.requirement if refusal else GRANTS[ours.step.kind],
        expected=answer_text(ours) + (f" ({refusal.cause})" if refusal else ""),
        observed=answer_text(theirs),
    )
