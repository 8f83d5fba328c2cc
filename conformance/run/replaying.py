"""Cases of a record played again: which, beside what, and what has become of their verdicts."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.conclusion import Tally
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.engine import Engine
from tokenspec.conformance.run.sources import sources
from tokenspec.conformance.scenario.model import Case
from tokenspec.reports.changes import judged, worse
from tokenspec.reports.record import Record

Line = Mapping[str, Any]
SETTLED = ("pass", "observe", "not-applicable")  # nothing to look at again
EXCUSED = ("waived", "stale-waiver")


@dataclass(frozen=True, slots=True)
class Replayed:
    """A case as the record has it, and as it is now."""

    before: Line
    after: Line

    @property
    def same(self) -> bool:
        """Whether the target is judged as it was: same verdict, same kind of failure."""
        now = (str(self.after["verdict"]), self.after["kind"])
        return now == (judged(self.before), self.before["kind"])

    @property
    def counted(self) -> Line:
        """The finding as a gate counts it: what excused the same failure then excuses it now."""
        known = bool(self.before.get("known")) and not worse(self.before, self.after)
        if self.same and self.before["verdict"] in EXCUSED:
            return {**self.after, "verdict": self.before["verdict"], "known": known}
        return {**self.after, "known": known}


def chosen(record: Record, words: Sequence[str]) -> list[Line]:
    """The findings that words name by case or scenario; without words all that are not settled.

    Raises:
        UsageError: a word names none.
    """
    if not words:
        return [finding for finding in record.findings if judged(finding) not in SETTLED]
    for word in words:
        if not any(_named(finding, word) for finding in record.findings):
            raise UsageError(f"the record has no case called {word!r}", _closest(record, word))
    return [f for f in record.findings if any(_named(f, word) for word in words)]


def cases_of(findings: Iterable[Line], suite: Mapping[str, Case]) -> list[Case]:
    """The cases of these findings.

    Raises:
        UsageError: the scenarios have such a case no more.
    """
    lost = [str(finding["key"]) for finding in findings if finding["key"] not in suite]
    if lost:
        raise UsageError(
            f"{lost[0]} of the record is in no scenario file",
            "add --scenarios DIR if it is one of yours; this release may have renamed it",
        )
    return [suite[finding["key"]] for finding in findings]


def beside(findings: Iterable[Line], suite: Iterable[Case]) -> list[Case]:
    """The cases in whose answers such a case was seen that looks at every answer of a run."""
    return sources((place for line in findings for place in line.get("seen_in") or ()), suite)


def play_again(
    setup: Setup, cases: Sequence[Case], others: Sequence[Case], seed: int | None
) -> Iterable[Finding]:
    """The findings of `cases`, in their order; `others` are played as well, before them.

    Raises:
        HarnessError: a scenario, the harness or the oracle is at fault.
    """
    every = tuple({case.key: case for case in (*others, *cases)}.values())
    engine = Engine(setup, every, jobs=setup.target.limits.jobs, seed=seed)
    try:
        engine.submit(every)
        for case in cases:
            yield engine.finding(case)
    finally:
        engine.close()


def concluded(replayed: Iterable[Replayed], fail_on: str) -> Tally:
    """The cases counted as a run counts them."""
    counted = Tally(fail_on)
    for one in replayed:
        counted.add(one.counted)
    return counted


def _named(finding: Line, word: str) -> bool:
    return word in (finding["key"], finding["scenario"])


def _closest(record: Record, word: str) -> str:
    names = {str(finding[name]) for finding in record.findings for name in ("key", "scenario")}
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else "see: tokenspec list"
