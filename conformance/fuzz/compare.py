"""Target and oracle held against each other, step by step, until they diverge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tokenspec.conformance.fuzz.citing import (
    GRANTS,
    INACTIVE,
    broken,
    cause_of_death,
    granting,
    shown_token,
)
from tokenspec.conformance.play.granted_state import granted_state, state_difference
from tokenspec.conformance.play.oracle import OracleResult
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.play.wording import answer_text
from tokenspec.conformance.scenario.model import Answer, Changes, Outcome, StepKind
from tokenspec.conformance.verdicts import Kind

REFUSALS = (Answer.REFUSED, Answer.ERROR_PAGE)


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first step at which target and oracle differ.

    `guard` is the oracle's guard that refused, empty where it granted; `requirement` what the guard
    enforces, what makes the token invalid, or what the grant rests on. `outcome` is what the suite
    asks of the answer, where they differ in nothing but its shape.
    """

    step: str
    step_kind: StepKind
    kind: Kind
    guard: str
    requirement: str
    expected: str
    observed: str
    outcome: Outcome | None = None

    @property
    def signature(self) -> tuple[str, ...]:
        """What makes two divergences the same finding."""
        return (str(self.step_kind), str(self.kind), self.guard, self.requirement)


def divergences(target: Transcript, oracle: OracleResult) -> Iterator[Divergence]:
    """Where the two plays of one case diverge: at most once by class, before that by error code."""
    faults = raced = 0
    for ours in oracle.transcript.steps:
        if raced not in (0, ours.step.concurrent_group):
            return  # who wins a race, and what that does to the grant, is luck at either server
        theirs = target.step(ours.step.name)
        if theirs is None or theirs.missing:
            return
        faults += _faults(ours.step.changes)
        kind = _kind(theirs, ours)
        if kind is not Kind.NONE:
            yield _divergence(kind, theirs, ours, oracle)
            return
        found = state_difference(
            ours.step.kind, granted_state(theirs, target), granted_state(ours, oracle.transcript)
        )
        if found is not None:
            dead = found.requirement == INACTIVE
            lost = found.requirement == GRANTS.get(ours.step.kind)
            yield Divergence(
                step=ours.step.name,
                step_kind=ours.step.kind,
                kind=found.kind,
                guard="",
                requirement=(cause_of_death(ours, oracle) if dead else "")
                or (granting(ours) if lost else found.requirement),
                expected=found.expected,
                observed=found.observed,
            )
            return
        if faults == 1 and _another_error(theirs, ours):
            yield _divergence(Kind.WRONG_ERROR, theirs, ours, oracle)
        if ours.answer is not Answer.GRANTED and not ours.step.judged:
            return
        if ours.step.copies > 1:
            return
        if _races_for_its_token(ours, oracle):
            raced = ours.step.concurrent_group


def _kind(theirs: Played, ours: Played) -> Kind:
    """By class first."""
    if theirs.answer is Answer.SERVER_ERROR:
        return Kind.SERVER_ERROR
    if ours.answer in REFUSALS:
        if theirs.answer is Answer.GRANTED:
            return Kind.ACCEPTED
        prompts = " ".join(map(str, ours.sent.get("prompt", ()))).split()
        if theirs.answer is Answer.LOGIN_PAGE and "none" in prompts:
            return Kind.WRONG_ENVELOPE  # OpenID Connect Core §3.1.2.1: no page may be shown
        return Kind.LEAK if theirs.answer is Answer.ELSEWHERE else Kind.NONE
    if ours.answer is Answer.GRANTED and theirs.answer in REFUSALS:
        return Kind.REFUSED
    return Kind.NONE


def _another_error(theirs: Played, ours: Played) -> bool:
    """Whether both refused, with other words; which of two faults is named is left open."""
    return (
        ours.answer is theirs.answer is Answer.REFUSED
        and bool(ours.error)
        and theirs.error not in (ours.error, "use_dpop_nonce")  # RFC 9449 §8: asked at any time
    )


def _faults(changes: Changes) -> int:
    """In how many places a request differs from a valid one."""
    proof = changes.dpop
    return (
        len(changes.parameters)
        + len(changes.headers)
        + sum(part is not None for part in (changes.client_auth, changes.http))
        + (0 if proof is None else max(1, len(proof.header) + len(proof.claims)))
    )


def _divergence(kind: Kind, theirs: Played, ours: Played, oracle: OracleResult) -> Divergence:
    refusal = oracle.refusals.get(ours.step.name)
    return Divergence(
        step=ours.step.name,
        step_kind=ours.step.kind,
        kind=kind,
        guard=refusal.guard if refusal else "",
        requirement=broken(kind, ours, oracle),
        expected=answer_text(ours) + (f" ({refusal.cause})" if refusal else ""),
        observed=answer_text(theirs),
    )


def _races_for_its_token(ours: Played, oracle: OracleResult) -> bool:
    """Whether the same client shows the same refresh token in another request sent with it."""
    return (
        ours.step.kind is StepKind.REFRESH
        and ours.step.concurrent_group > 0
        and any(
            other is not ours
            and (other.step.kind, other.step.concurrent_group)
            == (ours.step.kind, ours.step.concurrent_group)
            and (shown_token(other), other.sent.get("client_id"))
            == (shown_token(ours), ours.sent.get("client_id"))
            and other.step.changes.client_auth == ours.step.changes.client_auth
            for other in oracle.transcript.steps
        )
    )
