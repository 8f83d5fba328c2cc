"""One case examined: applicable? does its control succeed? what did target and oracle do?"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from tokenspec.conformance.checks import CHECKS, CheckContext
from tokenspec.conformance.errors import LoginBlocked, TargetUnusable
from tokenspec.conformance.play.judge import Judge
from tokenspec.conformance.play.matching import Look
from tokenspec.conformance.play.oracle import OracleResult
from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.randomness import stream
from tokenspec.conformance.play.sessions import own_sign_in_needed
from tokenspec.conformance.play.side import Side
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.play.wording import answer_text
from tokenspec.conformance.preflight.setup import Setup, check_context
from tokenspec.conformance.profile import Evidence
from tokenspec.conformance.record.evidence import ShownExchange, evidence
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.record.look import LookedAt
from tokenspec.conformance.record.redaction import Redactor
from tokenspec.conformance.run import pushed_addresses
from tokenspec.conformance.run.concurrency import one_by_one
from tokenspec.conformance.run.crashes import with_crash
from tokenspec.conformance.run.oracle_plays import AskOracle, OraclePlays, every
from tokenspec.conformance.run.premises import Asked, Premises, premise_place, ungranted
from tokenspec.conformance.run.races import Seen, gravity, most_plays, of_races
from tokenspec.conformance.run.response_checks import (
    ResponseChecks,
    control_source,
    seen_elsewhere,
)
from tokenspec.conformance.scenario.digest import case_digest
from tokenspec.conformance.scenario.edits import UnchangedError
from tokenspec.conformance.scenario.model import Answer, Case
from tokenspec.conformance.scenario.wording import changes_in_words
from tokenspec.conformance.transport.spending import at_most
from tokenspec.conformance.verdicts import BROKEN, IN_DOUBT, Judgement, Verdict, worst

Again = Callable[[Callable[[], Seen], int], Generator[Seen, None, None]]
Show = Callable[[Transcript, Redactor], tuple[ShownExchange, ...]]
UNSEEN = (Verdict.NOT_APPLICABLE, Verdict.COULD_NOT_RUN)
ATTEMPTS = 2  # at a play whose requests were not all answered
LOST = (*BROKEN, Verdict.DEVIATION)


@dataclass(slots=True)
class _Control:
    """The control of a scenario's cases, played once."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    said: str = ""
    good: bool = False
    transcript: Transcript | None = None


class Examiner:
    """Examines cases one by one; safe for many threads.

    Args:
        setup: the target and the oracle.
        cases: everything that may be examined; a control is kept until each has been played once.
        show: what a finding keeps of a play.
        oracle_results: by case key, of an oracle set up alike; added to. None: not kept.
        ask_oracle: which cases the oracle plays even where the target answered as expected.
        seed: what may come again in another run is drawn from it; None for nothing at all.
        again: plays a race so many times, for as long as it is asked for more.
        apart: whether what has to expire is made after its like was shown, not beside it.
        before_play: called with each case when its control was played and it is about to be.
        told: checks that every answer of the run is looked at by; None: those of `cases`.
        on_look: called with what cases that look at every answer see.
    """

    def __init__(
        self,
        setup: Setup,
        cases: Iterable[Case],
        *,
        show: Show = evidence,
        oracle_results: dict[str, OracleResult] | None = None,
        ask_oracle: AskOracle = every,
        seed: int | None = None,
        again: Again = one_by_one,
        apart: bool = False,
        before_play: Callable[[Case], None] = lambda _case: None,
        told: Collection[str] | None = None,
        on_look: Callable[[LookedAt], None] = lambda _look: None,
    ) -> None:
        self.setup = setup
        self._again = again
        self._before_play = before_play
        self._apart = apart
        self._seed = seed
        self._show = show
        cases = tuple(cases)
        self.response_checks = ResponseChecks(cases, self._excuse, on_look)
        self._told = self.response_checks.checks if told is None else told
        self._context = check_context(setup.side)
        self._oracle = OraclePlays(setup.oracle, self._judge, ask_oracle, oracle_results)
        self.premises = Premises(self._side, self._see_premise)
        self._controls: dict[str, _Control] = {}
        self._wanting = Counter(
            _control_key(case) for case in cases if not setup.missing(case.needs)
        )
        self._lock = threading.Lock()

    def examine(self, case: Case) -> Finding:
        """The finding for one case, with what every answer up to now has shown of it.

        Raises:
            HarnessError: the scenario, the harness or the oracle is at fault.
        """
        return self.conclude(case, self.play(case))

    def play(self, case: Case, *, afresh: bool = False) -> Finding:
        """What the case's own play shows; `afresh`: once more, alone, its control too if refused.

        Raises:
            HarnessError: the scenario, the harness or the oracle is at fault.
        """
        started = time.perf_counter()
        if afresh:
            self.setup.side.try_sign_ins_again()
            self.premises.ask_unmet_again()
        blank = self._blank(case)
        try:
            with at_most(self.setup.target.limits.case):
                finding = self._examine(case, blank, afresh=afresh)
        except UnchangedError as error:
            note = self.setup.redactor.text(f"the change would change nothing: {error.message}")
            finding = replace(blank, verdict=Verdict.NOT_APPLICABLE, note=note)
        except TargetUnusable as error:
            blocked = "login blocked: " if isinstance(error, LoginBlocked) else ""
            note = blocked + self.setup.redactor.text(str(error))
            finding = replace(blank, verdict=Verdict.COULD_NOT_RUN, note=note)
        return replace(finding, seconds=round(time.perf_counter() - started, 4))

    def conclude(self, case: Case, finding: Finding) -> Finding:
        """The finding of a case's own play, with what the answers of others showed of it."""
        if not case.every_response or self.setup.missing(case.needs):
            return finding
        seen, looked_at = self.response_checks.sightings(case.key)
        note = f"{looked_at} {'answer' if looked_at == 1 else 'answers'} of the run were looked at"
        if not seen and looked_at and finding.verdict in UNSEEN:
            return replace(finding, verdict=Verdict.PASS, note=f"{note}; {finding.note}")
        if not seen:
            return replace(finding, note=finding.note or note)
        faults = [sighting for sighting in seen if sighting.excuse is None]
        severity = Verdict(self.setup.effective(case).severity)
        if not faults and severity is not Verdict.OBSERVE:
            return seen_elsewhere(case, finding, seen, note, Verdict.DEVIATION)
        return seen_elsewhere(case, finding, faults or seen, note, severity)

    def _examine(self, case: Case, blank: Finding, *, afresh: bool) -> Finding:
        reason = self.setup.missing(case.needs)
        if reason:
            return replace(blank, verdict=Verdict.NOT_APPLICABLE, note=reason)
        hindrance = self.setup.hindrance(case)
        if hindrance:
            return replace(blank, verdict=Verdict.COULD_NOT_RUN, note=f"premise: {hindrance}")
        oracle = self._oracle.first(case)
        finding = self._at_target(case, blank, oracle, afresh=afresh)
        if oracle is None and finding.verdict is not Verdict.PASS:
            oracle = self._oracle.play(case)
        return replace(finding, oracle=oracle.explanation if oracle else "")

    def _at_target(
        self, case: Case, blank: Finding, oracle: OracleResult | None, *, afresh: bool
    ) -> Finding:
        """What premises, control and the case itself come to at the target."""
        rests = tuple(self.premises.of(case))
        blank = replace(blank, premises=tuple(asked.name for asked in rests))
        if rests and not rests[-1].holds:
            return self._unmet(blank, rests[-1])
        control = self._control(case, afresh=afresh)
        blank = replace(blank, control=control.said or _no_control(blank.premises))
        if case.control and not control.good:
            hide = self.setup.redactor.for_play()
            shown = self._show(control.transcript, hide) if control.transcript else ()
            late = control.transcript.late if control.transcript else ""
            ungiven = control.transcript.ungiven if control.transcript else ""
            verdict = Verdict.NOT_APPLICABLE if ungiven else Verdict.COULD_NOT_RUN
            note = ungiven or ungranted(control.transcript)
            return replace(blank, verdict=verdict, note=note, exchanges=shown, late=late)
        told = [one.transcript for one in oracle.orders] if oracle else [None]
        judges = [self._judge(case, self._context, one) for one in told]
        again = one_by_one if afresh else self._again  # nothing else is under way then
        transcript, said = self._play(case, judges, again)
        judgement = pushed_addresses.let(case, said, transcript, self.setup.target)
        if judgement is said:
            self.response_checks.look(transcript, case.key, self._context, self.setup.redactor)
        finding = self._judged(case, blank, judgement, transcript)
        if control.transcript and finding.verdict is not Verdict.PASS:
            finding = replace(
                finding,
                control_exchanges=self._control_exchanges(case, finding.step, control.transcript),
            )
        return finding

    def _unmet(self, blank: Finding, asked: Asked) -> Finding:
        """Nothing can be said, as a premise does not hold; or need not, as it is left open."""
        hide = self.setup.redactor.for_play()
        verdict = Verdict.NOT_APPLICABLE if asked.permitted else Verdict.COULD_NOT_RUN
        shown = self._show(asked.transcript, hide) if asked.transcript else ()
        late = asked.transcript.late if asked.transcript else ""
        note = hide.text(asked.note)
        return replace(blank, verdict=verdict, note=note, exchanges=shown, late=late)

    def _see_premise(self, transcript: Transcript, name: str, said: str) -> str:
        """Make the checks of every answer, and hide in `said` what the play shows as secret."""
        hide = self.setup.redactor.for_play()
        self._show(transcript, hide)
        self.response_checks.look(
            transcript, premise_place(name), self._context, self.setup.redactor
        )
        return hide.text(said)

    def _play(self, case: Case, judges: Sequence[Judge], again: Again) -> Seen:
        """Play the case; once more if there was no answer, so that a hiccup is no finding.

        There is a judge for each order in which the oracle has answered requests sent together; the
        mildest is right. A race that was withstood is run again: luck decides whether its window is
        hit. The gravest of its plays counts.
        """
        times = most_plays(case)
        if times == 1:
            return self._play_whole(case, judges)
        plays = []
        with closing(again(lambda: self._play_whole(case, judges), times)) as coming:
            for seen in coming:
                plays.append(seen)
                if seen[1].verdict in LOST:
                    break
        ran = [play for play in plays if play[1].verdict is not Verdict.COULD_NOT_RUN]
        return of_races(ran or plays)

    def _play_whole(self, case: Case, judges: Sequence[Judge]) -> Seen:
        plays = []
        for _attempt in range(ATTEMPTS):
            plays.append(self._play_once(case))
            if plays[-1].whole:
                break
        transcript = with_crash(plays, lambda: self._play_once(case), self.setup.answers)
        said = (judge.judgements(transcript) for judge in judges)
        worsts = [worst([self._excused(case, one) for one in judgements]) for judgements in said]
        return transcript, min(worsts, key=gravity)

    def _play_once(self, case: Case) -> Transcript:
        self._before_play(case)
        return play(
            self._side(case.key),
            case.setting,
            case.steps,
            own_sign_in=own_sign_in_needed(case.steps),
            apart=self._apart,
        )

    def _side(self, *names: str) -> Side:
        """The target, with choices that come again for the same seed and names."""
        side = self.setup.side
        if self._seed is None:
            return side
        return replace(side, choice_bytes=stream(self._seed, *names))

    def _control(self, case: Case, *, afresh: bool) -> _Control:
        """Play the control, once for all cases of a scenario that share it.

        One that was not granted is played again where `afresh` is asked for.
        """
        if not case.control:
            return _Control(good=True)
        key = _control_key(case)
        with self._lock:
            control = self._controls.setdefault(key, _Control())
            self._wanting[key] += afresh  # the play before has counted it off
        with control.lock:
            if not control.said or (afresh and not control.good):
                self._play_control(control, case)
        with self._lock:
            self._wanting[key] -= 1
            if self._wanting[key] == 0:  # it is whole, and holds every request of its play
                del self._controls[key], self._wanting[key]
        return control

    def _play_control(self, control: _Control, case: Case) -> None:
        side = self._side(case.scenario, "control")
        own = own_sign_in_needed(case.control)
        transcript = play(side, case.control_setting, case.control, own_sign_in=own)
        last = transcript.steps[-1] if transcript.steps else None
        whole = len(transcript.steps) == len(case.control)
        control.good = whole and last is not None and last.answer is Answer.GRANTED
        said = transcript.stopped or (f"{last.step.name}: {answer_text(last)}" if last else "")
        control.transcript = transcript
        hide = self.setup.redactor.for_play()
        self._show(transcript, hide)
        control.said = hide.text(said) or "nothing was played"
        source = control_source(case.scenario)
        self.response_checks.look(transcript, source, self._context, self.setup.redactor)

    def _judge(self, case: Case, context: CheckContext, oracle: Transcript | None) -> Judge:
        severity = Verdict(self.setup.effective(case).severity)
        return Judge(case, severity, _looking(context), oracle, self.setup.strict, self._told)

    def _excuse(self, case: Case, judgement: Judgement) -> Evidence | None:
        """The evidence for a documented difference that covers this answer, if there is any."""
        found = self.setup.profile.deviation(case, judgement)
        return found.evidence if found else None

    def _excused(self, case: Case, judgement: Judgement) -> Judgement:
        """Each step's judgement by itself, so that no difference hides another fault.

        A documented difference may be why a step that others rest on was answered otherwise.
        """
        if judgement.verdict in IN_DOUBT and self._excuse(case, judgement):
            return replace(judgement, verdict=Verdict.DEVIATION)
        return judgement

    def _control_exchanges(
        self, case: Case, deciding: str, control: Transcript
    ) -> tuple[ShownExchange, ...]:
        """What the control sent where the case differs from it, and where it was decided."""
        differing = {step.name for step in case.steps if step.changes.any and not step.given}
        shown = self._show(control, self.setup.redactor.for_play())
        return tuple(e for e in shown if e.step in {deciding, *differing})

    def _judged(
        self, case: Case, blank: Finding, judgement: Judgement, transcript: Transcript
    ) -> Finding:
        hide = self.setup.redactor.for_play()
        shown = self._show(transcript, hide)  # first, so that the texts below hide what it learned
        deviates = judgement.verdict is Verdict.DEVIATION
        return replace(
            blank,
            verdict=judgement.verdict,
            kind=judgement.kind,
            step=judgement.step,
            expected=judgement.expected,
            observed=hide.text(judgement.observed),
            note=hide.text(judgement.note),
            races=judgement.races,
            deviation=self._excuse(case, judgement) if deviates else None,
            exchanges=shown,
            late=transcript.late if judgement.verdict is Verdict.COULD_NOT_RUN else "",
        )

    def _blank(self, case: Case) -> Finding:
        row, in_force = self.setup.deciding(case)
        return Finding(
            key=case.key,
            scenario=case.scenario,
            case=case.id,
            title=case.title,
            area=case.area,
            file=case.place.file,
            line=case.place.line,
            requirement=row.id,
            citation=row.citation,
            level=str(in_force.level),
            level_why=in_force.why,
            text=row.text,
            url=row.url,
            verdict=Verdict.COULD_NOT_RUN,
            sent=changes_in_words(case),
            why=case.why,
            tags=case.tags,
            digest=case_digest(case),
        )


def _no_control(premises: Sequence[str]) -> str:
    return f"none; it rests on {'; '.join(premises) or 'nothing that is set up'}"


def _control_key(case: Case) -> str:
    return f"{case.scenario} {case.control_setting} {case.control}"


def _looking(context: CheckContext) -> Look:
    def look(name: str, played: Played, transcript: Transcript) -> Iterable[str] | None:
        return CHECKS[name].look(played, transcript, context)

    return look
