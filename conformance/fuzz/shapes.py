"""What every answer has to be like: the suite's own checks, made on generated cases too.

A check of the suite speaks of a valid exchange or of a plain refusal. It is made here on every
answer of that kind, and believed only where the oracle's answer to the same request stands it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from conformance.checks import CHECKS, Surround
from conformance.fuzz.compare import Parting
from conformance.fuzz.suite import bundled_suite
from conformance.play.matching import missing
from conformance.play.oracle import Told
from conformance.play.transcript import Played, Transcript
from conformance.play.verdicts import Kind
from conformance.run.setup import Setup, surround_of
from conformance.scenario.model import Answer, Outcome, StepKind, Variant

READ_BY_ITSELF = (StepKind.METADATA, StepKind.JWKS, StepKind.PAGE)  # no part of a generated case


@dataclass(frozen=True, slots=True)
class Shape:
    """What a case of the suite asks of an answer, with the requirement that asks it.

    `kind` is the request it speaks of, None where its checks hold for every answer of a run.
    """

    outcome: Outcome
    requirement: str
    kind: StepKind | None = None
    dpop: bool = False

    def speaks_of(self, theirs: Played, ours: Played, transcript: Transcript) -> bool:
        """Whether it is about this answer, which both servers gave in the same class."""
        if self.kind is None:
            return True
        alike = theirs.answer is ours.answer is self.outcome.answer
        status = not self.outcome.status or theirs.status == ours.status in self.outcome.status
        proven = transcript.setting.dpop or not self.dpop
        return alike and status and proven and theirs.step.kind is self.kind

    def problems(self, played: Played, transcript: Transcript, surround: Surround) -> list[str]:
        """What is wrong with an answer; empty where nothing is."""
        looks = (CHECKS[name].look for name in self.outcome.checks)
        return [
            *missing(self.outcome.has, played),
            *(said for look in looks for said in look(played, transcript, surround)),
        ]


class Shapes:
    """The shapes that a target is held to, and both servers' documents to look at them with."""

    def __init__(self, setup: Setup) -> None:
        self._shapes = tuple(_shapes(setup))
        self._theirs = surround_of(setup.party)
        self._ours = surround_of(setup.oracle.party)

    def partings(self, target: Transcript, told: Told) -> Iterator[Parting]:
        """Where answers of the same class differ in shape, up to where the classes part."""
        for ours in told.transcript.steps:
            theirs = target.step(ours.step.name)
            if theirs is None or theirs.answer is not ours.answer or ours.together:
                return
            for shape in self._shapes:
                if not shape.speaks_of(theirs, ours, target):
                    continue
                wrong = shape.problems(theirs, target, self._theirs)
                if wrong and not shape.problems(ours, told.transcript, self._ours):
                    yield _parting(shape, theirs, wrong)


def _parting(shape: Shape, played: Played, wrong: Iterable[str]) -> Parting:
    outcome = replace(shape.outcome, answer=played.answer, status=())
    looked_for = [CHECKS[name].summary for name in outcome.checks]
    return Parting(
        step=played.step.name,
        step_kind=played.step.kind,
        kind=Kind.WRONG_ENVELOPE,
        guard="",
        requirement=shape.requirement,
        expected=" ".join(looked_for) or f"an answer with {', '.join(outcome.has)}",
        observed="; ".join(wrong),
        outcome=outcome,
    )


def _shapes(setup: Setup) -> Iterator[Shape]:
    """What the target is held to, each check of a kind of request once."""
    seen = set()
    for scenario in bundled_suite():
        for variant in scenario.variants:
            shape = None if setup.missing(variant.needs) else _shape(variant)
            if shape is None:
                continue
            key = (shape.kind, shape.outcome.checks, shape.outcome.has, shape.outcome.answer)
            if key not in seen:
                seen.add(key)
                yield shape


def _shape(variant: Variant) -> Shape | None:
    """What a case asks of the answer to a valid request, or of any refusal; None if of neither."""
    judged = [step for step in variant.steps if step.judged]
    if len(judged) != 1 or judged[0].kind in READ_BY_ITSELF:
        return None
    outcome, *others = judged[0].expect
    if any(other.answer is outcome.answer for other in others):
        return None  # the answer may have another shape as well
    valid = not any(step.changes.any for step in variant.steps)
    if not (outcome.checks or outcome.has) or not (valid or outcome.answer is Answer.REFUSED):
        return None
    if variant.every_response:
        return Shape(replace(outcome, has=()), variant.requirement)
    return Shape(outcome, variant.requirement, judged[0].kind, variant.setting.dpop)
