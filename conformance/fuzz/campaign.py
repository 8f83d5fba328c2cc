"""A campaign: generated cases until time or requests run out, each finding made small."""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings, target

from conformance.errors import TargetUnusable
from conformance.fuzz.calibration import Calibration, calibrate
from conformance.fuzz.compare import REPLAY_REFUSED, REPLAY_REVOKES, Parting, partings
from conformance.fuzz.documents import NO_WAITING, Document, documents, name_of
from conformance.fuzz.freedoms import ANY, course_until, known_freedoms
from conformance.fuzz.gating import Gating
from conformance.play.clock import MovableClock
from conformance.play.oracle import Told
from conformance.play.player import own_sign_in_needed, play
from conformance.play.transcript import Transcript
from conformance.play.verdicts import Kind, Verdict
from conformance.run.setup import Setup
from conformance.scenario.loader import load_document
from conformance.scenario.model import Answer, Variant
from conformance.scenario.operators import InapplicableError
from conformance.vocabulary import vocabulary

AREA = "generated"
MOST_SHRINKING = 400  # cases played to make one finding smaller
ROTATION = (REPLAY_REFUSED, REPLAY_REVOKES)
BY_CLIENT = "Rotation (RFC 9700 §2.2.2) and nonces (RFC 9449 §8) may be for some clients only."
ROUND = 2_000  # cases of one round of Hypothesis


@dataclass(frozen=True, slots=True)
class Budget:
    """When a campaign ends, whichever comes first. `requests` counts those to the target."""

    seconds: float
    requests: int | None = None


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A generated case at which the target parts from the oracle. `seconds` since the start.

    `verdict` is what it weighs: by the level of the requirement, at most a warning where only the
    error code differs or where the target parts from a choice of its own (`choice`).
    """

    document: Document
    parting: Parting
    verdict: Verdict
    seconds: float
    requests: int
    choice: str = ""


@dataclass(slots=True)
class Progress:
    """What a campaign has done so far.

    `guards` counts the oracle's refusals by guard; `pairs` holds two requests that followed each
    other with how they were answered, `outcomes` whole plays.
    """

    cases: int = 0
    requests: int = 0
    guards: Counter[str] = field(default_factory=Counter)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    outcomes: set[tuple[str, ...]] = field(default_factory=set)
    unplayable: int = 0
    free: Counter[str] = field(default_factory=Counter)
    found: list[Counterexample] = field(default_factory=list)


class _Found(Exception):  # noqa: N818 - what Hypothesis is told: this case parts the two servers
    """A case at which target and oracle part."""


class Campaign:
    """Plays generated cases against a target and the oracle beside it, in this thread.

    Args:
        setup: the target and the oracle.
        budget: when to end.
        seed: of all choices; the same seed makes the same choices.
        clock: seconds, for the budget.
        tell: called after every case.
    """

    def __init__(
        self,
        setup: Setup,
        budget: Budget,
        *,
        seed: int,
        clock: Callable[[], float] = time.monotonic,
        tell: Callable[[Progress], None] = lambda _progress: None,
    ) -> None:
        self.setup = setup
        self.budget = budget
        self.seed = seed
        self.progress = Progress()
        self._clock = clock
        self._tell = tell
        self._started = clock()
        self.present = {name for name, decision in setup.decisions.items() if decision.present}
        if not isinstance(setup.party.clock, MovableClock):
            self.present.add(NO_WAITING)
        self.calibration = Calibration(setup.oracle)
        self.scores: dict[str, float] = {}  # of the case played last
        self._gating = Gating(setup)
        self._known: set[tuple[str, ...]] = set()
        self._seen: dict[str, tuple[Counterexample, ...]] = {}

    @property
    def seconds(self) -> float:
        """How long it has been going on."""
        return self._clock() - self._started

    @property
    def spent(self) -> bool:
        """Whether the budget is used up."""
        most = self.budget.requests
        enough = most is not None and self.progress.requests >= most
        return enough or self.seconds >= self.budget.seconds

    def run(self) -> Progress:
        """Calibrate, then play until the budget is spent; findings are in the progress."""
        self.calibration = calibrate(self.setup)
        self.progress.requests += self.calibration.requests
        number = 0
        while not self.spent:
            _Round(self, self.seed + number).run()
            number += 1
        return self.progress

    def judge(self, document: Document) -> Counterexample | None:
        """The gravest way in which target and oracle part, known findings left out."""
        key = name_of(document)
        if key not in self._seen:
            self._seen[key] = tuple(self._play(document))
        new = [f for f in self._seen[key] if f.parting.signature not in self._known]
        return min(new, key=_lightness, default=None)

    def keep(self, found: Counterexample) -> None:
        """Remember a finding, so that the next one is another."""
        self._known.add(found.parting.signature)
        self._seen.clear()
        self.progress.found.append(
            replace(found, seconds=round(self.seconds, 2), requests=self.progress.requests)
        )

    def _play(self, document: Document) -> Iterator[Counterexample]:
        variant = load_document(document, vocabulary(), area=AREA).variants[0]
        if self.setup.missing(variant.needs):
            return
        self.progress.cases += 1
        try:
            told = self.calibration.oracle.play(variant)
            transcript = self._at_target(variant)
        except InapplicableError:
            return
        except TargetUnusable:
            self.progress.unplayable += 1
            return
        self._count(told, transcript)
        self._tell(self.progress)
        # of the orders in which requests of one moment may have come, the one it is right in
        orders = [tuple(self._parted(document, one, transcript)) for one in told.orders]
        yield from min(orders, key=len)

    def _parted(
        self, document: Document, told: Told, transcript: Transcript
    ) -> Iterator[Counterexample]:
        for parting in partings(transcript, told):
            verdict, choice = self._weighed(parting, told, transcript)
            if verdict in (Verdict.FAIL, Verdict.WARN):
                yield Counterexample(document, parting, verdict, 0.0, 0, choice)

    def _count(self, told: Told, transcript: Transcript) -> None:
        """Note what was reached, and how far the case went, by which the search is guided."""
        rarest = 0.0
        for refusal in told.refusals.values():
            self.progress.guards[refusal.guard] += 1
            rarest = max(rarest, 1 / self.progress.guards[refusal.guard])
        granted = sum(played.answer is Answer.GRANTED for played in told.transcript.steps)
        self.scores = {"rarity of the guard that refused": rarest, "steps granted": float(granted)}
        words = [f"{p.step.name.split('-')[0]} {p.answer}" for p in transcript.steps]
        self.progress.pairs |= set(itertools.pairwise(words))
        self.progress.outcomes.add(tuple(words))

    def _weighed(self, parting: Parting, told: Told, transcript: Transcript) -> tuple[Verdict, str]:
        """The verdict on a parting, and the choice of its own that the target parts from."""
        verdict = self._gating.verdict(parting)
        course = course_until(parting.step, told, transcript)
        covering = [row for row in known_freedoms().rows if row.covers(parting, course)]
        rotates, setting = parting.requirement in ROTATION, transcript.setting
        other = setting.client != "main" and (rotates or parting.guard == "dpop.nonce")
        if other or (rotates and setting.dpop):  # RFC 9700 §2.2.2: bound to a key, or rotated
            self.progress.free[BY_CLIENT] += 1
            return Verdict.OBSERVE, ""
        exact = [row for row in covering if row.after_failure != ANY] or covering
        if not exact or verdict is Verdict.OBSERVE:
            return verdict, ""
        held = self.calibration.as_oracle
        free = next((row for row in exact if row.choice not in held), None)
        if free is None:
            return Verdict.WARN, exact[0].choice
        self.progress.free[free.why] += 1
        return Verdict.OBSERVE, ""

    def _at_target(self, variant: Variant) -> Transcript:
        own = own_sign_in_needed(variant.steps)
        before = self.setup.counted.requests
        try:
            return play(self.setup.party, variant.setting, variant.steps, own_sign_in=own)
        finally:
            self.progress.requests += self.setup.counted.requests - before


def _lightness(found: Counterexample) -> tuple[bool, bool]:
    """Order: a MUST first, then what differs by class before what differs by error code."""
    return (found.verdict is not Verdict.FAIL, found.parting.kind is Kind.WRONG_ERROR)


class _Round:
    """One search of Hypothesis: generate until a finding, make it small, keep it."""

    def __init__(self, campaign: Campaign, number: int) -> None:
        self.campaign = campaign
        self.number = number
        self.first: Parting | None = None
        self.least: tuple[int, Counterexample] | None = None
        self.failing: set[str] = set()
        self.shrinking = 0

    def run(self) -> None:
        """Search, and keep the smallest case that shows the finding."""
        search = settings(
            max_examples=ROUND,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.target, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
            print_blob=False,
        )
        trial = seed(self.number)(search(given(documents(self.campaign.present))(self.trial)))
        with suppress(_Found):
            trial()
        if self.least is not None:
            self.campaign.keep(self.least[1])

    def trial(self, document: Document) -> None:
        """Fail where the document shows the finding of this round."""
        if self._fails(document):
            raise _Found

    def _fails(self, document: Document) -> bool:
        name = name_of(document)
        if name in self.failing:
            return True
        if self.campaign.spent or self.shrinking > MOST_SHRINKING:
            return False
        self.shrinking += self.first is not None
        self.campaign.scores = {}
        found = self.campaign.judge(document)
        for label, score in self.campaign.scores.items():
            target(score, label=label)
        if found is None or (self.first and found.parting.signature != self.first.signature):
            return False
        self.first = self.first or found.parting
        self.failing.add(name)
        size = len(json.dumps(document, default=str))
        if self.least is None or size < self.least[0]:
            self.least = (size, found)
        return True
