"""What a run says of one case."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tokenspec.conformance.profile import Evidence
from tokenspec.conformance.record.evidence import ShownExchange
from tokenspec.conformance.verdicts import Kind, Verdict
from tokenspec.conformance.waivers.model import Waiver

# what a record calls a member by another name
RECORD_KEYS = {"case": "variant", "control_exchanges": "twin"}
UNRECORDED = ("late",)  # what only the run itself goes by


@dataclass(frozen=True, slots=True)
class SecondPlay:
    """What a case came to when it was played again alone, where that differs from the first."""

    verdict: Verdict
    kind: Kind
    step: str
    observed: str
    note: str
    exchanges: tuple[ShownExchange, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict with all that a reader needs to check it.

    `sent` says in words how the requests differed from valid ones; `oracle` what the reference
    server answered and why; `control` whether the control succeeded. `control_exchanges`
    are those of it that correspond, kept unless the verdict is a pass. `seconds` is wall time.
    `level` is the one in force under the profile, and `level_why` says why where that is not the
    document's own. `deviation` is what a verdict of that name rests on.
    `judged` is the verdict before a waiver changed it; empty where none did. `waiver` is the one
    that covers the case, whether or not it excused anything. `known`: the baseline has it already.
    `premises` are those the verdict rests on, asked once a run; the last may not have held.
    `seen_in`: the other cases whose answers showed it, where every answer of the run is looked at.
    `confirmed`: whether what is broken was broken the same way when the case was played again
    alone; None where nothing is. `second_play` is that play, where it was not: the others tell the
    first then.
    `races`: how often a race was run for it, 0 where it is none: what shows in one hangs on luck.
    `late`: the kind of step that was not answered in time, where the case could not run for that.
    """

    key: str
    scenario: str
    case: str
    title: str
    area: str
    file: str
    line: int
    requirement: str
    citation: str
    level: str
    text: str  # the requirement in one sentence
    url: str
    verdict: Verdict
    kind: Kind = Kind.NONE
    step: str = ""
    sent: tuple[str, ...] = ()
    expected: str = ""
    observed: str = ""
    note: str = ""
    why: str = ""
    control: str = ""
    oracle: str = ""
    level_why: str = ""
    deviation: Evidence | None = None
    exchanges: tuple[ShownExchange, ...] = field(default=(), repr=False)
    control_exchanges: tuple[ShownExchange, ...] = field(default=(), repr=False)
    seconds: float = 0.0
    tags: tuple[str, ...] = ()
    digest: str = ""  # of all that the case says; another one is another test
    judged: str = ""
    waiver: Waiver | None = None
    known: bool = False
    seen_in: tuple[str, ...] = ()
    premises: tuple[str, ...] = ()
    confirmed: bool | None = None
    second_play: SecondPlay | None = None
    races: int = 0
    late: str = ""

    def noted(self, note: str) -> Finding:
        """The same finding with a further note behind its own."""
        return replace(self, note="; ".join(part for part in (self.note, note) if part))

    @property
    def gates(self) -> bool:
        """Whether the finding keeps the target from conforming."""
        return self.verdict in (Verdict.FAIL, Verdict.STALE_WAIVER) and not self.known
