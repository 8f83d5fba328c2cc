"""From a transcript to a judgement. The scenario's `expect` is the law; nothing is guessed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from tokenspec.conformance.play.granted_state import (
    StateDifference,
    granted_state,
    state_difference,
)
from tokenspec.conformance.play.matching import Difference, Look, difference
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.play.wording import answer_text, outcome_text
from tokenspec.conformance.scenario.model import (
    Answer,
    Case,
    Outcome,
    Step,
    StepKind,
    concurrent_groups,
)
from tokenspec.conformance.scenario.outcomes import BROKEN
from tokenspec.conformance.verdicts import AT_REGISTERED, Judgement, Kind, Verdict, worst

# Nothing more was asked than that it is not granted.
FAILED_AT_IT = "the server fails at this request; that the rule itself is broken was not seen"
REFUSALS = (Answer.REFUSED, Answer.ERROR_PAGE)


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges plays of one case.

    Args:
        case: what was played.
        gate: the verdict a broken requirement earns, by its level: fail, warn or observe.
        look: makes a named check on an answer.
        oracle: the oracle's transcript, where its answer is the expectation.
        strict: whether another error code than the one named is a failure.
        told: checks that every answer of the run is looked at by, so that no case says it again.
    """

    case: Case
    gate: Verdict
    look: Look
    oracle: Transcript | None = None
    strict: bool = False
    told: Collection[str] = ()

    def gravest(self, transcript: Transcript) -> Judgement:
        """The gravest judgement of all judged steps."""
        return worst(list(self.judgements(transcript)))

    def judgements(self, transcript: Transcript) -> Iterator[Judgement]:
        """What is to be said of each judged step, in order."""
        by_oracle = any(step.oracle for step in self.case.steps)
        return self._by_oracle(transcript) if by_oracle else self._by_outcomes(transcript)

    def _by_oracle(self, transcript: Transcript) -> Iterator[Judgement]:
        """Every step against the oracle's own, until the two diverge or the oracle ends."""
        for step in self.case.steps:
            ours = self.oracle.step(step.name) if self.oracle else None
            if self.oracle is None or ours is None:
                return
            played = transcript.step(step.name)
            if played is None:
                yield self._not_reached(step, transcript)
                return
            judged = step if step.expect else replace(step, oracle=True)
            judgement = self._judge_step(judged, played, transcript)
            if judgement.verdict is Verdict.PASS and played.answer is ours.answer:
                found = state_difference(
                    step.kind, granted_state(played, transcript), granted_state(ours, self.oracle)
                )
                judgement = self._beside(judgement, played, found)
            yield judgement
            if judgement.verdict is not Verdict.PASS and judgement.kind is not Kind.WRONG_ERROR:
                return
            if step.copies > 1:
                return  # what a race does to the grant is luck at either server

    def _beside(
        self, judgement: Judgement, played: Played, found: StateDifference | None
    ) -> Judgement:
        """The judgement of what was granted, by how it differs from what the oracle granted."""
        if found is None:
            return judgement
        return _judgement(self.gate, found.kind, played, found.expected, found.observed)

    def _by_outcomes(self, transcript: Transcript) -> Iterator[Judgement]:
        for together in concurrent_groups(self.case.steps):
            if self._unanswered(together, transcript):
                yield from self._without_answers(together, transcript)
                return
            stopped = False
            for step in together:
                judgement, ends = self._of_step(step, transcript)
                stopped = stopped or ends
                if judgement is not None:
                    yield judgement
            if stopped:
                return

    def _of_step(self, step: Step, transcript: Transcript) -> tuple[Judgement | None, bool]:
        """What is to be said of a step, if anything, and whether nothing after it counts."""
        played = transcript.step(step.name)
        if played is None:
            wanted = step.judged or not any(one.judged for one in self.case.steps)
            return (self._not_reached(step, transcript) if wanted else None), False
        if step.judged:
            judgement = self._judge_step(step, played, transcript)
            if judgement.verdict is not Verdict.PASS and self._rested_on(step, played):
                return self._unmet(step, judgement), True
            return (None if step.assumed else judgement), False
        if played.answer is not Answer.GRANTED:
            return self._stopped_at(played, transcript), True
        return None, False

    def _unanswered(self, together: Iterable[Step], transcript: Transcript) -> bool:
        """Whether a request of these steps got no answer: what follows then rests on nothing.

        A server that died of it is one: that is judged, and the play has ended there.
        """
        played = (transcript.step(step.name) for step in together)
        return any(one is not None and bool(one.missing) for one in played)

    def _without_answers(
        self, together: Iterable[Step], transcript: Transcript
    ) -> Iterator[Judgement]:
        """Only what no further answer could undo is said of steps that lack one."""
        for step in together:
            played = transcript.step(step.name)
            if played is None or not played.missing:
                continue
            judgement, _ = self._of_step(step, transcript)
            judgement = judgement or self._stopped_at(played, transcript)
            accepted = judgement.kind is Kind.ACCEPTED
            yield judgement if played.fatal or accepted else _unsettled(judgement, played)

    def _rested_on(self, step: Step, played: Played) -> bool:
        """Whether later steps rest on the answer of this one, and the case claims nothing of it.

        So it is where the case says so, and where a valid request before the first that is changed
        was not granted.
        """
        if step.assumed or played.answer is Answer.GRANTED:
            return step.assumed
        last = [one.name for one in self.case.steps if one.judged][-1]
        passing = [outcome for outcome in step.expect if outcome.verdict == Verdict.PASS]
        granted = bool(passing) and all(outcome.answer is Answer.GRANTED for outcome in passing)
        return granted and step.name != last and not self._changed_until(step.name)

    def _unmet(self, step: Step, judgement: Judgement) -> Judgement:
        """What later steps rest on was answered otherwise; an observation of that stays one."""
        if judgement.verdict is Verdict.OBSERVE:
            return judgement
        why = f"what follows rests on the {step.name} step"
        note = "; ".join(filter(None, (why, judgement.note)))
        return replace(judgement, verdict=Verdict.COULD_NOT_RUN, note=note)

    def _judge_step(self, step: Step, played: Played, transcript: Transcript) -> Judgement:
        outcomes = self._outcomes(step)
        found = []
        for outcome in outcomes:
            differs = self._difference(outcome, played, transcript)
            if differs.none and differs.unseen:
                return self._unseen(outcomes, played)
            if differs.none:
                return self._matched(outcome, outcomes, played)
            found.append((outcome, differs))
        if _granted_unrefused(outcomes, played):
            return _not_come(outcomes, played)
        if self._about_another(step, outcomes, played):
            return self._looked_elsewhere(outcomes, played, transcript)
        return self._unmatched(found, played, modelled=step.oracle and not self.strict)

    def _difference(self, outcome: Outcome, played: Played, transcript: Transcript) -> Difference:
        return difference(outcome, played, transcript, self.look, self.told)

    def _outcomes(self, step: Step) -> tuple[Outcome, ...]:
        if not step.oracle:
            return tuple(o for o in step.expect if o.at in ("", step.name))
        ours = self.oracle.step(step.name) if self.oracle else None
        if ours is None:
            return ()
        if ours.answer is Answer.GRANTED:
            return (Outcome(Answer.GRANTED),)
        error = (ours.error,) if ours.error else ()
        if ours.pushing:  # RFC 9126 §2.1: what is not validated there is validated afterwards
            return (Outcome(Answer.REFUSED, error=error), Outcome(Answer.ERROR_PAGE))
        return (Outcome(ours.answer, status=(ours.status,), error=error),)

    def _unseen(self, outcomes: tuple[Outcome, ...], played: Played) -> Judgement:
        """An answer of the class that is wanted, without what the case is about."""
        names = ", ".join(name for outcome in outcomes for name in outcome.checks)
        note = f"the answer holds nothing that is looked at here ({names})"
        expected = outcome_text(outcomes)
        return _judgement(Verdict.NOT_APPLICABLE, Kind.NONE, played, expected, note)

    def _about_another(self, step: Step, outcomes: tuple[Outcome, ...], played: Played) -> bool:
        """Whether a case about the form of an answer got one of another class.

        That is no fault of the form; other cases are about it. It is so for all that is looked for
        in every answer of a run, and for a look at what a valid request is granted.
        """
        passing = [outcome for outcome in outcomes if outcome.verdict == Verdict.PASS]
        if any(outcome.answer is played.answer for outcome in outcomes):
            return False
        looks = all(outcome.looks_only and outcome.answer is Answer.GRANTED for outcome in passing)
        valid = looks and bool(passing) and not self._changed_until(step.name)
        return self.case.every_response or valid

    def _looked_elsewhere(
        self, outcomes: tuple[Outcome, ...], played: Played, transcript: Transcript
    ) -> Judgement:
        """What the checks say of an answer of another class; some speak of such an answer too."""
        names = dict.fromkeys(name for outcome in outcomes for name in outcome.checks)
        looks = [self.look(name, played, transcript) for name in names]
        seen = [problems for problems in looks if problems is not None]
        expected, note = outcome_text(outcomes), "; ".join(chain.from_iterable(seen))
        if note:
            return _judgement(self.gate, Kind.WRONG_ENVELOPE, played, expected, note)
        if seen:
            return _judgement(Verdict.PASS, Kind.NONE, played, expected, "")
        return _not_come(outcomes, played)

    def _matched(
        self, outcome: Outcome, outcomes: tuple[Outcome, ...], played: Played
    ) -> Judgement:
        broken = outcome.verdict == BROKEN
        verdict = self.gate if broken else Verdict(outcome.verdict)
        kind = Kind.NONE
        if broken or verdict is Verdict.WARN:
            verdict = verdict if broken else _milder(Verdict.WARN, self.gate)
            passing = tuple(one for one in outcomes if one.verdict == Verdict.PASS)
            kind = _kind_by_answer(played.answer, passing)
        expected = (
            outcome_text(outcomes) if verdict is not Verdict.PASS else outcome_text((outcome,))
        )
        return _judgement(verdict, kind, played, expected, outcome.note)

    def _unmatched(
        self, found: list[tuple[Outcome, Difference]], played: Played, *, modelled: bool
    ) -> Judgement:
        """The judgement of an answer that fits no outcome; `modelled` on the oracle's answer."""
        passing = tuple(outcome for outcome, _ in found if outcome.verdict == "pass")
        expected = outcome_text(passing or tuple(outcome for outcome, _ in found))
        kind, differs = _kind(found, played.answer)
        verdict = self.gate
        if kind is Kind.TIMEOUT:
            verdict = Verdict.COULD_NOT_RUN
        strict = self.strict or any(_strictly(outcome, played) for outcome, _ in found)
        if kind is Kind.WRONG_ERROR and not strict:
            verdict = _milder(Verdict.WARN, self.gate)
        asked = any(outcome.status or outcome.error for outcome in passing) and not modelled
        if kind is Kind.SERVER_ERROR and not asked:
            verdict = _milder(Verdict.WARN, self.gate)
            return _judgement(verdict, kind, played, expected, FAILED_AT_IT)
        note = "; ".join((*differs.error, *differs.shape, *differs.excess))
        return _judgement(verdict, kind, played, expected, note)

    def _stopped_at(self, played: Played, transcript: Transcript) -> Judgement:
        """A step that no outcome stands on was not granted, so the play ended there."""
        name = played.step.name
        later = [o for step in self.case.steps for o in step.expect]
        for outcome in later:
            if outcome.at == name and self._difference(outcome, played, transcript).none:
                return self._matched(outcome, tuple(later), played)
        verdict, kind, note = self._early(played, tuple(later))
        return _judgement(verdict, kind, played, outcome_text(tuple(later)), note)

    def _early(self, played: Played, later: tuple[Outcome, ...]) -> tuple[Verdict, Kind, str]:
        """What it means that a play ended before the step its verdict rests on."""
        name, kind = played.step.name, _kind_by_answer(played.answer, ())
        if kind is Kind.TIMEOUT:
            return Verdict.COULD_NOT_RUN, kind, ""
        if not self._changed_until(name):
            note = f"the valid request {name!r} of the set-up was not granted"
            return Verdict.COULD_NOT_RUN, Kind.NONE, note
        refusal_wanted = later and all(outcome.answer in REFUSALS for outcome in later)
        if played.answer in REFUSALS and refusal_wanted:
            return Verdict.PASS, Kind.NONE, f"refused earlier, at {name}"
        return self.gate, kind, ""

    def _not_reached(self, step: Step, transcript: Transcript) -> Judgement:
        """A judged step that was never sent: an outcome may speak of the step that is why."""
        for outcome in step.expect:
            earlier = transcript.step(outcome.at)
            if earlier and self._difference(outcome, earlier, transcript).none:
                return self._matched(outcome, step.expect, earlier)
        note = transcript.stopped or f"{step.name} was not reached"
        expected = outcome_text(self._outcomes(step))
        return Judgement(Verdict.COULD_NOT_RUN, Kind.NONE, step.name, expected, "", note)

    def _changed_until(self, name: str) -> bool:
        """Whether a step up to `name` differs from the valid set-up.

        A valid authorization request begins a grant of its own, whatever was before.
        """
        changed = False
        for step in self.case.steps:
            if step.changes.any and not step.given:
                changed = True
            elif step.kind is StepKind.AUTHORIZE:
                changed = False
            if step.name == name:
                break
        return changed


def _granted_unrefused(outcomes: tuple[Outcome, ...], played: Played) -> bool:
    """Whether a case about how a request is refused saw it granted: other cases tell that."""
    if any(outcome.answer is played.answer for outcome in outcomes):
        return False
    passing = [outcome for outcome in outcomes if outcome.verdict == Verdict.PASS]
    form = all(outcome.looks_only and outcome.answer is Answer.REFUSED for outcome in passing)
    return played.answer is Answer.GRANTED and bool(passing) and form


def _not_come(outcomes: tuple[Outcome, ...], played: Played) -> Judgement:
    """The judgement of a case about the form of an answer, where another came."""
    note = f"the case looks at an answer that did not come: {answer_text(played)}"
    return _judgement(Verdict.COULD_NOT_RUN, Kind.NONE, played, outcome_text(outcomes), note)


def _judgement(verdict: Verdict, kind: Kind, played: Played, expected: str, note: str) -> Judgement:
    led = played.authorization
    if kind is Kind.ACCEPTED and led is not None and led.at_registered:
        note = "; ".join(filter(None, (note, AT_REGISTERED)))
    return Judgement(
        verdict=verdict,
        kind=kind,
        step=played.step.name,
        expected=expected,
        observed=answer_text(played),
        note=note,
        answer=played.answer,
        status=played.status,
        error=played.error,
    )


def _unsettled(judgement: Judgement, played: Played) -> Judgement:
    """What is said of a step whose answer is missing, or one of its answers."""
    several = played.step.raced and len(played.exchanges) > 1
    said = f"{played.missing} of {len(played.exchanges)} requests sent at once got no answer"
    note = "; ".join(filter(None, (said if several else "", judgement.note)))
    return replace(judgement, verdict=Verdict.COULD_NOT_RUN, kind=Kind.TIMEOUT, note=note)


def _kind(found: list[tuple[Outcome, Difference]], answer: Answer) -> tuple[Kind, Difference]:
    """How an answer that matches no outcome failed, and the nearest outcome's difference."""
    near = next((differs for _, differs in found if not differs.answer), None)
    if near is None:
        return _kind_by_answer(answer, tuple(outcome for outcome, _ in found)), Difference()
    if near.excess:
        return Kind.ACCEPTED, near
    if near.shape:
        return Kind.WRONG_ENVELOPE, near
    return Kind.WRONG_ERROR, near


def _strictly(outcome: Outcome, played: Played) -> bool:
    """Whether an answer breaks what a requirement names: the error code, where it names one.

    The status beside it is another requirement's matter.
    """
    return outcome.strict and not (outcome.error and played.error in outcome.error)


def _kind_by_answer(answer: Answer, outcomes: tuple[Outcome, ...]) -> Kind:
    match answer:
        case Answer.NO_ANSWER:
            return Kind.TIMEOUT
        case Answer.SERVER_ERROR:
            return Kind.SERVER_ERROR
        case Answer.ELSEWHERE:
            return Kind.LEAK
        case Answer.GRANTED:
            return Kind.ACCEPTED
        case Answer.LOGIN_PAGE:
            return Kind.WRONG_ENVELOPE
        case _:
            refusing = any(outcome.answer in REFUSALS for outcome in outcomes)
            return Kind.WRONG_ERROR if refusing else Kind.REFUSED


def _milder(one: Verdict, other: Verdict) -> Verdict:
    """The less grave of two gates."""
    order = (Verdict.OBSERVE, Verdict.WARN, Verdict.FAIL)
    return min(one, other, key=order.index)
