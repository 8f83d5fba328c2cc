"""A campaign: generated cases until time or requests run out, each finding made small.

First a sweep of everything that shows by itself, then by turns operations in pairs and a search
by Hypothesis.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from random import Random

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings, target
from hypothesis.errors import FlakyStrategyDefinition

from tokenspec.conformance.errors import TargetUnusable
from tokenspec.conformance.fuzz.allowed_choices import ANY, allowed_choices, earlier_steps
from tokenspec.conformance.fuzz.calibration import Calibration, calibrate
from tokenspec.conformance.fuzz.compare import Divergence, divergences
from tokenspec.conformance.fuzz.documents import (
    NO_WAITING,
    Document,
    documents,
    name_of,
)
from tokenspec.conformance.fuzz.gating import Gating, cited_for_case
from tokenspec.conformance.fuzz.reduction import smaller
from tokenspec.conformance.fuzz.shapes import Shapes
from tokenspec.conformance.fuzz.sharing import Shared
from tokenspec.conformance.fuzz.sweep import pairs, singles
from tokenspec.conformance.fuzz.tolerances import why_tolerated
from tokenspec.conformance.play.clock import MovableClock
from tokenspec.conformance.play.oracle import OracleResult
from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.sessions import own_sign_in_needed
from tokenspec.conformance.play.transcript import Transcript
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.evidence import ShownExchange, evidence
from tokenspec.conformance.scenario.edits import InapplicableError
from tokenspec.conformance.scenario.loader import load_document
from tokenspec.conformance.scenario.model import Answer, Case
from tokenspec.conformance.verdicts import Kind, Verdict
from tokenspec.conformance.vocabulary import vocabulary

AREA = "generated"
MOST_REDUCING = 60  # cases played to make one finding smaller
MOST_BEGUN = 1500  # documents of one search
RACES = 6  # times that a race is run again to see a finding again
ROUND, PAIRS = 500, 500  # cases of one search of Hypothesis, and pairs played before it


@dataclass(frozen=True, slots=True)
class Budget:
    """When a campaign ends, whichever comes first. `requests` counts those to the target."""

    seconds: float
    requests: int | None = None


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A generated case at which the target diverges from the oracle. `seconds` since the start.

    `verdict` weighs it by the requirement's level: at most a warning where only the error code
    differs or the target departs from a choice of its own (`choice`).
    """

    document: Document
    divergence: Divergence
    verdict: Verdict
    seconds: float
    requests: int
    choice: str = ""
    exchanges: tuple[ShownExchange, ...] = field(default=(), repr=False)  # redacted

    @property
    def name(self) -> str:
        """A stable id: one document may show several findings."""
        return name_of({"document": self.document["id"], "divergence": self.divergence.signature})


@dataclass(slots=True)
class Progress:
    """What a campaign has done so far.

    `guards` counts the oracle's refusals by guard; `pairs` has two successive requests with their
    answers, `outcomes` whole plays; `unplayable` counts cases that were not answered to their end.
    """

    cases: int = 0
    requests: int = 0
    guards: Counter[str] = field(default_factory=Counter)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    outcomes: set[tuple[str, ...]] = field(default_factory=set)
    unplayable: int = 0
    unsteady: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)  # not seen again
    free: Counter[str] = field(default_factory=Counter)
    found: list[Counterexample] = field(default_factory=list)


class _Found(Exception):  # noqa: N818 - what Hypothesis hears: the two servers diverge at this case
    """A case at which target and oracle diverge."""


class _Enough(BaseException):
    """A search goes on without coming to anything; no Exception, for the reason at `_Over`."""


class _Over(BaseException):
    """The budget is spent; no Exception, so that Hypothesis does not take it for a finding."""


class Campaign:
    """Plays generated cases against a target and the oracle beside it, in this thread.

    Args:
        setup: the target and the oracle.
        budget: when to end.
        seed: of all choices; the same seed makes the same choices.
        clock: seconds, for the budget.
        tell: called after every case; `on_found` with every finding, in its smallest form.
        shared: what other machines find at the same target, and are sent.
        lost: why the target is taken to be gone; empty while it is not.
    """

    def __init__(
        self,
        setup: Setup,
        budget: Budget,
        *,
        seed: int,
        clock: Callable[[], float] = time.monotonic,
        tell: Callable[[Progress], None] = lambda _progress: None,
        on_found: Callable[[Counterexample], None] = lambda _found: None,
        shared: Shared | None = None,
        lost: Callable[[], str] = lambda: "",
    ) -> None:
        self.setup = setup
        self.budget = budget
        self.seed = seed
        self.progress = Progress()
        self._clock = clock
        self._tell = tell
        self._on_found = on_found
        self._shared = shared
        self._lost = lost
        self._started = clock()
        present = {name for name, decision in setup.decisions.items() if decision.present}
        movable = isinstance(setup.side.clock, MovableClock)
        self.present = frozenset(present if movable else {*present, NO_WAITING})
        self.calibration = Calibration(setup.oracle)
        self.scores: dict[str, float] = {}  # of the case played last
        self._gating = Gating(setup)
        self._shapes = Shapes(setup, self.present)
        self._known: set[tuple[str, ...]] = set()
        self._seen: dict[str, tuple[Counterexample, ...]] = {}

    @property
    def seconds(self) -> float:
        """How long it has been going on."""
        return self._clock() - self._started

    @property
    def spent(self) -> bool:
        """Whether the budget is used up, or the target gone."""
        most = self.budget.requests
        enough = most is not None and self.progress.requests >= most
        return enough or bool(self._lost()) or self.seconds >= self.budget.seconds

    def run(self) -> Progress:
        """Calibrate, then play until the budget is spent; findings are in the progress."""
        self.calibration = calibrate(self.setup)
        self.progress.requests += self.calibration.requests
        random = Random(self.seed)  # noqa: S311 - an order, no secret
        with suppress(_Over):
            self._go_through(self._news())
            self._go_through(singles(self.present, random))
            in_pairs = pairs(self.present, random)
            for number in itertools.count():
                if self.spent:  # a search that the budget ended says no more than any other
                    break
                self._go_through(self._news())
                self._go_through(in_pairs[number * PAIRS : (number + 1) * PAIRS])
                _Search(self, self.seed + number, guided=bool(number % 2)).run()
        return self.progress

    def _news(self) -> Iterator[Document]:
        return self._shared.news() if self._shared else iter(())

    def _go_through(self, made: Iterable[Document]) -> None:
        for document in made:
            while (found := self.trial(document)) is not None:
                self.keep(found)

    def trial(self, document: Document) -> Counterexample | None:
        """What a document shows that was not known.

        Raises:
            _Over: the budget is spent.
        """
        if self.spent:
            raise _Over
        return self.judge(document)

    def judge(self, document: Document) -> Counterexample | None:
        """The gravest way in which target and oracle diverge, known findings left out."""
        key = name_of(document)
        if key not in self._seen:
            self._seen[key] = tuple(self._play(document))
        known = self._known | {what for name, what in self.progress.unsteady if name == key}
        new = [f for f in self._seen[key] if f.divergence.signature not in known]
        return min(new, key=_lightness, default=None)

    def keep(self, found: Counterexample) -> None:
        """Remember a finding in its smallest form, so that the next one is another."""
        if not self._comes_again(found):
            self.progress.unsteady.add((name_of(found.document), found.divergence.signature))
            return
        found = self._reduced(found)
        if self._shared:
            self._shared.save(found.document)
        self._known.add(found.divergence.signature)
        self._seen.clear()
        found = replace(found, seconds=round(self.seconds, 2), requests=self.progress.requests)
        self.progress.found.append(found)
        self._on_found(found)

    def _comes_again(self, found: Counterexample) -> bool:
        """Whether another play shows the same; a race, where luck has a part, is run again."""
        case = load_document(found.document, vocabulary(), area=AREA).cases[0]
        times = RACES if any(step.raced for step in case.steps) else 1
        again = (one for _ in range(times) for one in self._play(found.document))
        return any(one.divergence.signature == found.divergence.signature for one in again)

    def _reduced(self, found: Counterexample) -> Counterexample:
        """The finding with everything left out that it does not need."""
        left = MOST_REDUCING
        candidates = smaller(found.document)
        while left and (document := next(candidates, None)) is not None:
            left -= 1
            shown = self.judge(document)
            if shown is not None and shown.divergence.signature == found.divergence.signature:
                found, candidates = shown, smaller(shown.document)
        return found

    def _play(self, document: Document) -> Iterator[Counterexample]:
        case = load_document(document, vocabulary(), area=AREA).cases[0]
        if self.setup.missing(case.needs) or self.setup.hindrance(case):
            return
        self.progress.cases += 1
        try:
            oracle = self.calibration.oracle.play(case)
            transcript = self._at_target(case)
        except InapplicableError:
            return
        except TargetUnusable:
            self.progress.unplayable += 1
            return
        if not transcript.whole:
            self.progress.unplayable += 1
        self._count(oracle, transcript)
        self._tell(self.progress)
        # of the orders in which requests sent together may have come, the one it is right in
        last = case.steps[-1].name
        orders = []
        for one in oracle.orders:
            by_class = (cited_for_case(p, document, last) for p in divergences(transcript, one))
            orders.append((tuple(self._findings(document, by_class, one, transcript)), one))
        differing, one = min(orders, key=lambda pair: len(pair[0]))
        yield from differing
        by_shape = self._shapes.divergences(document["id"], transcript, one)
        yield from self._findings(document, by_shape, one, transcript)

    def _findings(
        self,
        document: Document,
        found: Iterable[Divergence],
        oracle: OracleResult,
        transcript: Transcript,
    ) -> Iterator[Counterexample]:
        """Those divergences that weigh something."""
        for divergence in found:
            verdict, choice = self._weighed(divergence, oracle, transcript)
            if verdict in (Verdict.FAIL, Verdict.WARN):
                hide = self.setup.redactor.for_play()
                shown = evidence(transcript, hide)
                redacted = replace(divergence, observed=hide.text(divergence.observed))
                yield Counterexample(document, redacted, verdict, 0.0, 0, choice, shown)

    def _count(self, oracle: OracleResult, transcript: Transcript) -> None:
        """Note what was reached, and how far the case went, by which the search is guided."""
        rarest = 0.0
        for refusal in oracle.refusals.values():
            self.progress.guards[refusal.guard] += 1
            rarest = max(rarest, 1 / self.progress.guards[refusal.guard])
        granted = sum(played.answer is Answer.GRANTED for played in oracle.transcript.steps)
        self.scores = {"rarity of the guard that refused": rarest, "steps granted": float(granted)}
        words = [f"{p.step.name.split('-')[0]} {p.answer}" for p in transcript.steps]
        self.progress.pairs |= set(itertools.pairwise(words))
        self.progress.outcomes.add(tuple(words))

    def _weighed(
        self, divergence: Divergence, oracle: OracleResult, transcript: Transcript
    ) -> tuple[Verdict, str]:
        """The verdict on a divergence, and the choice of its own that the target departs from."""
        verdict = self._gating.verdict(divergence)
        earlier = earlier_steps(divergence.step, oracle, transcript)
        rows = [row for row in allowed_choices().rows if row.unless not in self.present]
        covering = [row for row in rows if row.covers(divergence, earlier)]
        tolerated = why_tolerated(divergence, transcript, self.setup.target)
        if tolerated:
            self.progress.free[tolerated] += 1
            return Verdict.OBSERVE, ""
        alone = len(earlier.failed - {ANY}) <= 1  # of several failures any may be the cause
        exact = [row for row in covering if alone and row.after_failure != ANY] or covering
        if not exact or verdict is Verdict.OBSERVE:
            return verdict, ""
        held = self.calibration.as_oracle
        free = next((row for row in exact if row.choice not in held), None)
        if free is None:
            return Verdict.WARN, exact[0].choice
        self.progress.free[free.why] += 1
        return Verdict.OBSERVE, ""

    def _at_target(self, case: Case) -> Transcript:
        own = own_sign_in_needed(case.steps)
        before = self.setup.counted.requests
        try:
            return play(self.setup.side, case.setting, case.steps, own_sign_in=own)
        finally:
            self.progress.requests += self.setup.counted.requests - before


def _lightness(found: Counterexample) -> tuple[bool, bool]:
    """Order: a MUST first, then what differs by class before what differs by error code."""
    return (found.verdict is not Verdict.FAIL, found.divergence.kind is Kind.WRONG_ERROR)


class _Search:
    """One search of Hypothesis: generate until a finding, and keep it.

    A guided one prefers what reaches guards of the oracle that refused seldom, and what goes far.
    """

    def __init__(self, campaign: Campaign, number: int, *, guided: bool) -> None:
        self.campaign = campaign
        self.number = number
        self.guided = guided
        self.found: Counterexample | None = None
        self.begun = 0
        self.ended = False

    def run(self) -> None:
        """Search, and keep what was found first.

        Raises:
            _Over: the budget is spent.
        """
        guiding = (Phase.target,) if self.guided else ()
        search = settings(
            max_examples=ROUND,
            database=None,
            deadline=None,
            phases=(Phase.generate, *guiding),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
            print_blob=False,
        )
        made = documents(self.campaign.present, self.begin)
        trial = seed(self.number)(search(given(made)(self.trial)))
        try:
            trial()
        except (_Found, _Enough):
            pass
        except FlakyStrategyDefinition:  # how Hypothesis takes it that a document ends early
            if not self.ended:
                raise
        if self.found is not None:
            self.campaign.keep(self.found)

    def begin(self) -> None:
        """Count what is begun: a climb may begin thousands that come to no case."""
        self.begun += 1
        self.ended = self.begun > MOST_BEGUN or self.campaign.spent
        if self.ended:
            raise _Enough

    def trial(self, document: Document) -> None:
        """Fail where the document shows something new."""
        self.campaign.scores = {}
        self.found = self.found or self.campaign.trial(document)
        for label, score in self.campaign.scores.items() if self.guided else ():
            target(score, label=label)
        if self.found is not None:
            raise _Found
