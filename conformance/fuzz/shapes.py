"""What every answer has to be like: the suite's own checks, made on generated cases too.

What the suite asks of the answer to a valid exchange is asked of every grant of that kind, what
it asks of every answer of a run is asked of all, and what the case of a seed asks is asked of the
seed. It is applied only where the oracle's answer to the same request passes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from tokenspec.conformance.checks import CHECKS, CheckContext
from tokenspec.conformance.fuzz.compare import Divergence
from tokenspec.conformance.fuzz.documents import begun_with, finished, seeds_of
from tokenspec.conformance.fuzz.suite import bundled_suite
from tokenspec.conformance.play.matching import difference
from tokenspec.conformance.play.oracle import OracleResult
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.play.wording import outcome_text
from tokenspec.conformance.preflight.setup import Setup, check_context
from tokenspec.conformance.scenario.model import Answer, Case, Outcome, Step, StepKind
from tokenspec.conformance.verdicts import Kind, Verdict

READ_BY_ITSELF = (StepKind.METADATA, StepKind.JWKS, StepKind.PAGE)  # no part of a generated case


@dataclass(frozen=True, slots=True)
class Shape:
    """What a case of the suite asks of an answer, with the requirement that asks it.

    It speaks of requests of a `kind`, of a single `step`, or of every answer where both are empty.
    """

    outcome: Outcome
    requirement: str
    kind: StepKind | None = None
    dpop: bool = False
    step: str = ""

    def speaks_of(self, theirs: Played, ours: Played, transcript: Transcript) -> bool:
        """Whether it is about this answer, which both servers gave in the same class."""
        if self.step:
            return self.step == theirs.step.name and theirs.answer is self.outcome.answer
        if self.kind is None:
            return True
        alike = theirs.answer is self.outcome.answer
        status = not self.outcome.status or theirs.status == ours.status in self.outcome.status
        proven = transcript.setting.dpop or not self.dpop
        return alike and status and proven and theirs.step.kind is self.kind

    def problems(
        self, played: Played, transcript: Transcript, context: CheckContext
    ) -> tuple[str, ...]:
        """What is wrong with an answer; empty where nothing is."""

        def look(name: str, played: Played, transcript: Transcript) -> Iterable[str] | None:
            return CHECKS[name].look(played, transcript, context)

        found = difference(self.asked(played.answer), played, transcript, look)
        return (*found.shape, *found.excess)

    def asked(self, answer: Answer) -> Outcome:
        """The outcome with nothing in it but the shape, of an answer of that class."""
        return replace(self.outcome, answer=answer, status=(), error=())


class Shapes:
    """The shapes that a target is held to, and both servers' documents to look at them with."""

    def __init__(self, setup: Setup, present: frozenset[str]) -> None:
        self._everywhere = tuple(_shapes(setup))
        self._of_seeds = _of_seeds(setup, present)
        self._theirs = check_context(setup.side)
        self._ours = check_context(setup.oracle.side)

    def divergences(
        self, document: str, target: Transcript, oracle: OracleResult
    ) -> Iterator[Divergence]:
        """Where answers of the same class differ in shape, up to where the classes diverge.

        `document` is the id of what was played.
        """
        shapes = (*self._everywhere, *self._of_seeds.get(document, ()))
        grants = 0
        for ours in oracle.transcript.steps:
            grants += ours.step.kind is StepKind.AUTHORIZE
            theirs = target.step(ours.step.name)
            if theirs is None or theirs.answer is not ours.answer or ours.step.copies > 1:
                return
            for shape in shapes:
                of_one_grant = shape.kind is not None  # its checks look back at the first exchange
                if of_one_grant and (grants > 1 or _unasked_id_token(theirs, ours)):
                    continue
                if not shape.speaks_of(theirs, ours, target):
                    continue
                wrong = shape.problems(theirs, target, self._theirs)
                if wrong and not shape.problems(ours, oracle.transcript, self._ours):
                    yield _divergence(shape, theirs, wrong)


def _unasked_id_token(theirs: Played, ours: Played) -> bool:
    """Whether the target alone gives an ID token, of which the oracle can say nothing."""
    return "id_token" in theirs.received and "id_token" not in ours.received


def _divergence(shape: Shape, played: Played, wrong: Iterable[str]) -> Divergence:
    outcome = shape.asked(played.answer)
    return Divergence(
        step=played.step.name,
        step_kind=played.step.kind,
        kind=Kind.WRONG_ENVELOPE,
        guard="",
        requirement=shape.requirement,
        expected=" ".join(CHECKS[name].summary for name in outcome.checks)
        or outcome_text((outcome,)),
        observed="; ".join(wrong),
        outcome=outcome,
    )


def _shapes(setup: Setup) -> Iterator[Shape]:
    """What the target is held to everywhere, each check of a kind of request once."""
    seen = set()
    for scenario in bundled_suite():
        for case in scenario.cases:
            shape = None if setup.missing(case.needs) else _shape(setup, case)
            if shape is None:
                continue
            key = (shape.kind, shape.outcome.checks, shape.outcome.has, shape.outcome.answer)
            if key not in seen:
                seen.add(key)
                yield shape


def _shape(setup: Setup, case: Case) -> Shape | None:
    """What a case asks of the answer to a valid request, or of every answer; None if of neither."""
    judged = [step for step in case.steps if step.judged]
    signing_in = "sign-in" in case.needs  # its pages show up by luck in a generated case
    if len(judged) != 1 or judged[0].kind in READ_BY_ITSELF or signing_in:
        return None
    outcome = _only_shape(judged[0])
    if outcome is None:
        return None
    decides = setup.deciding(case)[0].id
    if case.every_response:
        return Shape(Outcome(outcome.answer, checks=outcome.checks), decides)
    if outcome.equals or outcome.answer is not Answer.GRANTED:
        return None
    if any(step.changes.any for step in case.steps):
        return None
    return Shape(outcome, decides, judged[0].kind, case.setting.dpop)


def _only_shape(step: Step) -> Outcome | None:
    """What a step asks of an answer of the first class it names, if that is one thing."""
    if not step.expect:
        return None
    outcome, *others = step.expect
    plain = outcome.verdict == Verdict.PASS and not outcome.at
    asks = outcome.checks or outcome.has or outcome.lacks or outcome.headers or outcome.equals
    alone = all(other.answer is not outcome.answer for other in others)
    return outcome if plain and asks and alone else None


def _of_seeds(setup: Setup, present: frozenset[str]) -> Mapping[str, list[Shape]]:
    """What the cases of a seed ask, by the id of the document that plays it."""
    cases = {case.key: case for scenario in bundled_suite() for case in scenario.cases}
    found: dict[str, list[Shape]] = {}
    for seed in seeds_of(present):
        case = cases[seed.case]
        asked = [(step.name, _only_shape(step)) for step in case.steps]
        decides = setup.deciding(case)[0].id
        shapes = [Shape(o, decides, step=name) for name, o in asked if o is not None]
        found.setdefault(finished(begun_with(seed))["id"], []).extend(shapes)
    return found
