"""One variant examined: applicable? does its valid twin succeed? what did target and oracle do?"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from conformance.checks import CHECKS, Surround
from conformance.errors import HarnessError, LoginBlocked, RateLimited, TargetUnusable
from conformance.play.judge import Court
from conformance.play.matching import Look
from conformance.play.oracle import Told
from conformance.play.party import Party
from conformance.play.player import own_sign_in_needed, play
from conformance.play.randomness import stream
from conformance.play.transcript import Played, Transcript
from conformance.play.verdicts import SEVERITY, Judgement, Verdict, worst
from conformance.play.wording import answer_text
from conformance.profile import Evidence
from conformance.run.everywhere import Everywhere, Sighting, control_source, sighting_kind
from conformance.run.evidence import ShownExchange, evidence
from conformance.run.finding import Finding
from conformance.run.redaction import Redactor
from conformance.run.setup import Setup, surround_of
from conformance.run.slots import one_by_one
from conformance.scenario.digest import variant_digest
from conformance.scenario.model import Answer, Variant
from conformance.scenario.wording import changes_in_words

Seen = tuple[Transcript, Judgement]
Again = Callable[[Callable[[], Seen], int], Generator[Seen, None, None]]
Show = Callable[[Transcript, Redactor], tuple[ShownExchange, ...]]
ACCEPTABLE = (Verdict.PASS, Verdict.OBSERVE)
ATTEMPTS = 2  # at a play whose requests were not all answered
RACES = 6  # times that a race is run before it counts as withstood
MEETINGS = 12  # the same where different requests race: which of them comes first is luck as well
BROKEN = (Verdict.FAIL, Verdict.WARN)
LOST = (*BROKEN, Verdict.DEVIATION)


@dataclass(slots=True)
class _Control:
    """The valid twin of a scenario's variants, played once."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    said: str = ""
    good: bool = False
    transcript: Transcript | None = None


class Examiner:
    """Examines variants one by one; safe for many threads.

    Args:
        setup: the target and the oracle.
        variants: everything that may be examined; a twin is kept until each has been played once.
        show: what a finding keeps of a play.
        told: what an oracle set up alike has said of variants, by key; added to. None: forgotten.
        seed: what may come again in another run is drawn from it; None for nothing at all.
        again: plays a race so many times, for as long as it is asked for more.
    """

    def __init__(
        self,
        setup: Setup,
        variants: Iterable[Variant],
        *,
        show: Show = evidence,
        told: dict[str, Told] | None = None,
        seed: int | None = None,
        again: Again = one_by_one,
    ) -> None:
        self.setup = setup
        self._again = again
        self._seed = seed
        self._show = show
        self._told = told
        variants = tuple(variants)
        self.everywhere = Everywhere(variants, self._excuse)
        self._surround = surround_of(setup.party)
        self._oracle_surround = surround_of(setup.oracle.party)
        self._controls: dict[str, _Control] = {}
        self._wanting = Counter(_control_key(v) for v in variants if not setup.missing(v.needs))
        self._lock = threading.Lock()

    def examine(self, variant: Variant) -> Finding:
        """The finding for one variant, with what every answer up to now has shown of it.

        Raises:
            HarnessError: the scenario, the harness or the oracle is at fault.
        """
        return self.conclude(variant, self.play(variant))

    def play(self, variant: Variant) -> Finding:
        """What the variant's own play shows.

        Raises:
            HarnessError: the scenario, the harness or the oracle is at fault.
        """
        started = time.perf_counter()
        blank = self._blank(variant)
        try:
            finding = self._examine(variant, blank)
        except (LoginBlocked, RateLimited, TargetUnusable) as error:
            blocked = "login blocked: " if isinstance(error, LoginBlocked) else ""
            note = blocked + self.setup.redactor.text(str(error))
            finding = replace(blank, verdict=Verdict.COULD_NOT_RUN, note=note)
        return replace(finding, seconds=round(time.perf_counter() - started, 4))

    def conclude(self, variant: Variant, finding: Finding) -> Finding:
        """The finding of a variant's own play, with what the answers of others showed of it."""
        if not variant.every_response or finding.verdict is Verdict.NOT_APPLICABLE:
            return finding
        seen, looked_at = self.everywhere.sightings(variant.key)
        note = f"{looked_at} answers of the run were looked at"
        if not seen:
            return replace(finding, note=finding.note or note)
        faults = [sighting for sighting in seen if sighting.excuse is None]
        gate = Verdict(self.setup.in_force(variant).gates)
        if not faults and gate is not Verdict.OBSERVE:
            return _seen(variant, finding, seen, note, Verdict.DEVIATION)
        return _seen(variant, finding, faults or seen, note, gate)

    def _examine(self, variant: Variant, blank: Finding) -> Finding:
        reason = self.setup.missing(variant.needs)
        if reason:
            return replace(blank, verdict=Verdict.NOT_APPLICABLE, note=reason)
        told = self._ask_oracle(variant)
        control = self._control(variant)
        blank = replace(blank, oracle=told.explanation, control=control.said)
        if variant.control and not control.good:
            hide = self.setup.redactor.for_play()
            shown = self._show(control.transcript, hide) if control.transcript else ()
            note = "the valid twin of this case was not granted, so a refusal would prove nothing"
            return replace(blank, verdict=Verdict.COULD_NOT_RUN, note=note, exchanges=shown)
        courts = [self._court(variant, self._surround, one.transcript) for one in told.orders]
        transcript, judgement = self._play(variant, courts)
        self.everywhere.look(transcript, variant.key, self._surround, self.setup.redactor)
        finding = self._judged(variant, blank, judgement, transcript)
        if control.transcript and finding.verdict is not Verdict.PASS:
            finding = replace(finding, twin=self._twin(variant, finding.step, control.transcript))
        return finding

    def _play(self, variant: Variant, courts: Sequence[Court]) -> Seen:
        """Play the variant; once more if there was no answer, so that a hiccup is no finding.

        There is a court for each order in which the oracle has answered requests of one moment; the
        mildest is right. A race that was withstood is run again: luck decides whether its window is
        hit. The gravest of its plays counts.
        """
        times = _plays(variant)
        if times == 1:
            return self._play_whole(variant, courts)
        plays = []
        with closing(self._again(lambda: self._play_whole(variant, courts), times)) as coming:
            for seen in coming:
                plays.append(seen)
                if seen[1].verdict in LOST:
                    break
        ran = [play for play in plays if play[1].verdict is not Verdict.COULD_NOT_RUN]
        return max(ran or plays, key=lambda play: _gravity(play[1]))

    def _play_whole(self, variant: Variant, courts: Sequence[Court]) -> Seen:
        for _attempt in range(ATTEMPTS):
            transcript = play(
                self._party(variant.key),
                variant.setting,
                variant.steps,
                own_sign_in=own_sign_in_needed(variant.steps),
            )
            if all(played.answer is not Answer.NO_ANSWER for played in transcript.steps):
                break
        said = (court.judgements(transcript) for court in courts)
        worsts = [worst([self._excused(variant, one) for one in judgements]) for judgements in said]
        return transcript, min(worsts, key=_gravity)

    def _party(self, *names: str) -> Party:
        """The target, with choices that come again for the same seed and names."""
        party = self.setup.party
        if self._seed is None:
            return party
        return replace(party, choice_bytes=stream(self._seed, *names))

    def _control(self, variant: Variant) -> _Control:
        """Play the valid twin, once for all variants of a scenario that share it."""
        if not variant.control:
            return _Control(said="none: the case itself is the valid exchange", good=True)
        key = _control_key(variant)
        with self._lock:
            control = self._controls.setdefault(key, _Control())
        with control.lock:
            if not control.said:
                self._play_control(control, variant)
        with self._lock:
            self._wanting[key] -= 1
            if self._wanting[key] == 0:  # it is whole, and holds every request of its play
                del self._controls[key], self._wanting[key]
        return control

    def _play_control(self, control: _Control, variant: Variant) -> None:
        party = self._party(variant.scenario, "control")
        transcript = play(party, variant.control_setting, variant.control)
        last = transcript.steps[-1] if transcript.steps else None
        whole = len(transcript.steps) == len(variant.control)
        control.good = whole and last is not None and last.answer is Answer.GRANTED
        said = transcript.stopped or (f"{last.step.name}: {answer_text(last)}" if last else "")
        control.transcript = transcript
        hide = self.setup.redactor.for_play()
        self._show(transcript, hide)
        control.said = hide.text(said) or "nothing was played"
        source = control_source(variant.scenario)
        self.everywhere.look(transcript, source, self._surround, self.setup.redactor)

    def _ask_oracle(self, variant: Variant) -> Told:
        """The oracle's play, which has to satisfy the scenario's own `expect` in every order."""
        if self._told is not None and variant.key in self._told:
            return self._told[variant.key]
        told = self.setup.oracle.play(variant)
        for one in told.orders:
            court = self._court(variant, self._oracle_surround, one.transcript)
            judgement = court.judge(one.transcript)
            if judgement.verdict not in ACCEPTABLE:
                raise HarnessError(
                    f"{variant.key}: the reference server does not do what the scenario expects: "
                    f"expected {judgement.expected}, got {one.explanation} {judgement.note}",
                    "this is a fault of tokenspec or of the scenario, not of the target",
                )
        if self._told is not None:
            self._told[variant.key] = told
        return told

    def _court(self, variant: Variant, surround: Surround, told: Transcript) -> Court:
        gate = Verdict(self.setup.in_force(variant).gates)
        return Court(variant, gate, _looking(surround), told, self.setup.strict)

    def _excuse(self, variant: Variant, judgement: Judgement) -> Evidence | None:
        """The evidence for a documented difference that covers this answer, if there is any."""
        found = self.setup.profile.deviation(variant, judgement)
        return found.evidence if found else None

    def _excused(self, variant: Variant, judgement: Judgement) -> Judgement:
        """Each step's judgement by itself, so that no difference hides another fault."""
        if judgement.verdict in BROKEN and self._excuse(variant, judgement):
            return replace(judgement, verdict=Verdict.DEVIATION)
        return judgement

    def _twin(
        self, variant: Variant, deciding: str, control: Transcript
    ) -> tuple[ShownExchange, ...]:
        """What the valid twin sent where the variant differs from it, and where it was decided."""
        differing = {step.name for step in variant.steps if step.changes.any and not step.given}
        shown = self._show(control, self.setup.redactor.for_play())
        return tuple(e for e in shown if e.step in {deciding, *differing})

    def _judged(
        self, variant: Variant, blank: Finding, judgement: Judgement, transcript: Transcript
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
            deviation=self._excuse(variant, judgement) if deviates else None,
            exchanges=shown,
        )

    def _blank(self, variant: Variant) -> Finding:
        row, in_force = self.setup.deciding(variant)
        return Finding(
            key=variant.key,
            scenario=variant.scenario,
            variant=variant.id,
            title=variant.title,
            area=variant.area,
            file=variant.place.file,
            line=variant.place.line,
            requirement=row.id,
            citation=row.citation,
            level=str(in_force.level),
            level_why=in_force.why,
            text=row.text,
            url=row.url,
            verdict=Verdict.COULD_NOT_RUN,
            sent=changes_in_words(variant),
            why=variant.why,
            tags=variant.tags,
            digest=variant_digest(variant),
        )


def _control_key(variant: Variant) -> str:
    return f"{variant.scenario} {variant.control_setting} {variant.control}"


def _gravity(judgement: Judgement) -> int:
    return SEVERITY.index(judgement.verdict)


def _plays(variant: Variant) -> int:
    """How often a variant is played at most."""
    if any(step.moment for step in variant.steps):
        return MEETINGS
    return RACES if any(step.raced for step in variant.steps) else 1


def _seen(
    variant: Variant, finding: Finding, seen: Sequence[Sighting], note: str, verdict: Verdict
) -> Finding:
    """A finding on what other answers of the run showed, where its own play says nothing graver."""
    own = finding.verdict
    if own in SEVERITY and SEVERITY.index(own) > SEVERITY.index(verdict):
        return finding
    return replace(
        finding,
        verdict=verdict,
        kind=sighting_kind(variant),
        observed=_seen_in_words(seen),
        note=note,
        deviation=seen[0].excuse if verdict is Verdict.DEVIATION else None,
        exchanges=tuple(exchange for s in seen for exchange in s.exchanges),
        seen_in=tuple(dict.fromkeys(s.variant for s in seen)),
    )


def _seen_in_words(seen: Iterable[Sighting]) -> str:
    """Each problem once, with the places where it was seen."""
    places: dict[str, list[str]] = {}
    for sighting in seen:
        places.setdefault(sighting.problem, []).append(f"{sighting.variant}, {sighting.step}")
    return "; ".join(f"{problem} ({'; '.join(where)})" for problem, where in places.items())


def _looking(surround: Surround) -> Look:
    def look(name: str, played: Played, transcript: Transcript) -> Iterable[str]:
        return CHECKS[name].look(played, transcript, surround)

    return look
