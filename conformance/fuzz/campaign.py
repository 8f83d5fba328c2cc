"""A campaign: generated cases until time or requests run out, each finding made small."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from conformance.errors import TargetUnusable
from conformance.fuzz.compare import Parting, part
from conformance.fuzz.documents import Document, documents, name_of
from conformance.fuzz.freedoms import changed_places, failed_before, known_freedoms
from conformance.play.player import own_sign_in_needed, play
from conformance.play.transcript import Transcript
from conformance.run.setup import Setup
from conformance.scenario.loader import load_document
from conformance.scenario.model import Variant
from conformance.scenario.operators import InapplicableError
from conformance.vocabulary import vocabulary

AREA = "generated"
MOST_SHRINKING = 400  # cases played to make one finding smaller
ROUND = 2_000  # cases of one round of Hypothesis


@dataclass(frozen=True, slots=True)
class Budget:
    """When a campaign ends, whichever comes first. `requests` counts those to the target."""

    seconds: float
    requests: int | None = None


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A generated case at which the target parts from the oracle. `seconds` since the start."""

    document: Document
    parting: Parting
    seconds: float
    requests: int


@dataclass(slots=True)
class Progress:
    """What a campaign has done so far; `guards` counts the oracle's refusals by guard."""

    cases: int = 0
    requests: int = 0
    guards: Counter[str] = field(default_factory=Counter)
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
        self.present = sorted(n for n, decision in setup.decisions.items() if decision.present)
        self._clock = clock
        self._tell = tell
        self._started = clock()
        self._known: set[tuple[str, ...]] = set()
        self._seen: dict[str, Parting | None] = {}

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
        """Play until the budget is spent; findings are in the progress."""
        number = 0
        while not self.spent:
            _Round(self, self.seed + number).run()
            number += 1
        return self.progress

    def judge(self, document: Document) -> Parting | None:
        """Where target and oracle part at a document, freedoms and known findings left out."""
        key = name_of(document)
        if key not in self._seen:
            self._seen[key] = self._play(document)
        parting = self._seen[key]
        return None if parting is None or parting.signature in self._known else parting

    def keep(self, document: Document, parting: Parting) -> None:
        """Remember a finding, so that the next one is another."""
        self._known.add(parting.signature)
        self._seen.clear()
        self.progress.found.append(
            Counterexample(document, parting, round(self.seconds, 2), self.progress.requests)
        )

    def _play(self, document: Document) -> Parting | None:
        variant = load_document(document, vocabulary(), area=AREA).variants[0]
        if self.setup.missing(variant.needs):
            return None
        self.progress.cases += 1
        try:
            told = self.setup.oracle.play(variant)
            transcript = self._at_target(variant)
        except InapplicableError:
            return None
        except TargetUnusable:
            self.progress.unplayable += 1
            return None
        for refusal in told.refusals.values():
            self.progress.guards[refusal.guard] += 1
        self.progress.outcomes.add(tuple(f"{p.step.kind} {p.answer}" for p in transcript.steps))
        self._tell(self.progress)
        parting = part(transcript, told)
        return None if parting is None or self._free(parting, document, transcript) else parting

    def _free(self, parting: Parting, document: Document, transcript: Transcript) -> bool:
        """Whether the specifications leave it to the server."""
        changed, failed = changed_places(document), failed_before(transcript, parting.step)
        for freedom in known_freedoms():
            if freedom.covers(parting, changed, failed=failed):
                self.progress.free[freedom.why] += 1
                return True
        return self.setup.registry.get(parting.requirement).gates == "observe"

    def _at_target(self, variant: Variant) -> Transcript:
        own = own_sign_in_needed(variant.steps)
        transcript = play(self.setup.party, variant.setting, variant.steps, own_sign_in=own)
        self.progress.requests += sum(len(played.exchanges) for played in transcript.steps)
        return transcript


class _Round:
    """One search of Hypothesis: generate until a finding, make it small, keep it."""

    def __init__(self, campaign: Campaign, number: int) -> None:
        self.campaign = campaign
        self.number = number
        self.first: Parting | None = None
        self.least: tuple[int, Document, Parting] | None = None
        self.failing: set[str] = set()
        self.shrinking = 0

    def run(self) -> None:
        """Search, and keep the smallest case that shows the finding."""
        search = settings(
            max_examples=ROUND,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
            print_blob=False,
        )
        trial = seed(self.number)(search(given(documents(self.campaign.present))(self.trial)))
        with suppress(_Found):
            trial()
        if self.least is not None:
            _, document, parting = self.least
            self.campaign.keep(document, parting)

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
        parting = self.campaign.judge(document)
        if parting is None or (self.first and parting.signature != self.first.signature):
            return False
        self.first = self.first or parting
        self.failing.add(name)
        size = len(json.dumps(document, default=str))
        if self.least is None or size < self.least[0]:
            self.least = (size, document, parting)
        return True
