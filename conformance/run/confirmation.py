"""What is in doubt is played again, alone: only what is broken twice is reported as broken.

A case may fail because of what else was under way: another case ended its session, a store gave
way under several requests at once, a server keeps one refresh token for each user. So whatever is
broken, or could not run, is played again after all others, by an examiner of its own: another
session of the user, another control, nothing of the run.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from contextvars import copy_context
from dataclasses import replace
from itertools import count

from tokenspec.conformance.errors import TargetUnusable
from tokenspec.conformance.play.player import play
from tokenspec.conformance.preflight.exchange import CODE
from tokenspec.conformance.preflight.setup import Setup, with_own_session
from tokenspec.conformance.record.finding import Finding, SecondPlay
from tokenspec.conformance.run.concurrency import ConcurrencyLimit
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.order import compares_moments, waits
from tokenspec.conformance.run.response_checks import checked_everywhere
from tokenspec.conformance.run.sources import sources
from tokenspec.conformance.scenario.model import Case, Setting
from tokenspec.conformance.verdicts import BROKEN, IN_DOUBT, Kind, Verdict

SOURCES = 3  # cases that are played again of those whose answers showed something
AFTER_LUCK = 4  # times that a case has to be broken alone where other answers differed by luck
ALIKE = "played again alone it was answered otherwise, and no better"
BELIEVED = 3  # times that one reason kept cases from running when they were alone as well


def in_doubt(finding: Finding) -> bool:
    """Whether a finding has to be confirmed before it counts."""
    return finding.verdict in IN_DOUBT


def may_wait_together(case: Case, finding: Finding) -> bool:
    """Whether nothing that others do could bring this about: it was granted after its time."""
    return waits(case) and finding.kind is Kind.ACCEPTED


class Confirmation:
    """Plays again, alone, what is in doubt; safe for many threads.

    Args:
        setup: the target and the oracle.
        cases: everything that may be examined in the run.
        limit: what is under way at once.
        examine: makes an examiner, with the parameters of `Examiner`.
        seed: that of the run, so that what hangs on its choices comes again.
        luck: whether the run has seen valid requests fail that succeeded a moment later.
    """

    def __init__(
        self,
        setup: Setup,
        cases: Iterable[Case],
        limit: ConcurrencyLimit,
        *,
        examine: Callable[..., Examiner] = Examiner,
        seed: int | None = None,
        luck: Callable[[], bool] = lambda: False,
    ) -> None:
        self._setup = limit.alone_but_in_waits(setup)
        self._wait = setup.side.wait
        self._cases = tuple(cases)
        self._told = checked_everywhere(self._cases)
        self._limit = limit
        self._examine = examine
        self._seed = seed
        self._reasons: Counter[str] = Counter()  # that kept cases from running again
        self._luck = luck
        self._differed = False  # two plays of one case

    def confirmed(self, case: Case, first: Finding) -> Finding:
        """The finding that counts, of a case whose first one is in doubt.

        Raises:
            HarnessError: the scenario, the harness or the oracle is at fault.
        """
        if first.verdict is not Verdict.COULD_NOT_RUN:
            return self._compared(case, first, count())
        if self._reasons[_cause(first)] >= BELIEVED:
            return first
        plays = count()
        again = self._running(case, first, plays)
        if again.verdict is Verdict.COULD_NOT_RUN:
            self._reasons[_cause(first)] += 1
            return first
        self._differed = True
        note = f"could not run at first ({_reason(first)}), but alone"
        again = again.noted(note)
        return self._compared(case, again, plays) if in_doubt(again) else again

    def _compared(
        self, case: Case, first: Finding, plays: Iterator[int], *, alone: bool = False
    ) -> Finding:
        """`first`, which is broken, beside a play alone: beside several where luck has a part.

        What is broken alone, but in another way than in company, is compared with what comes alone
        from then on (`alone`): others may have ended the grant before the fault could show.

        Another answer that is broken in the same way, as by another wrong error, is the same
        finding, and both are told.
        """
        alike, otherwise = 0, ""
        while alike < self._plays:
            again = self._running(case, first, plays)
            if _told(again) != _told(first):
                self._differed |= not first.races  # a race is luck whatever the server does
                if alone or alike or again.verdict not in BROKEN:
                    return _differing(first, again)
                note = f"{_words(first)} at first; alone, time and again"
                return self._compared(case, again.noted(note), plays, alone=True)
            # by luck it differs after a race, and by what else was played where others showed it
            if not first.races and not first.seen_in and again.observed != first.observed:
                otherwise = again.observed
            alike += 1
        confirmed = replace(first, confirmed=True)
        return confirmed.noted(f"{ALIKE}: {otherwise}") if otherwise else confirmed

    @property
    def _plays(self) -> int:
        """How many plays it takes to be sure of one thing."""
        return AFTER_LUCK if self._differed or self._luck() else 1

    def _running(self, case: Case, first: Finding, plays: Iterator[int]) -> Finding:
        """One play more that could run; at least two are tried."""
        for _attempt in range(self._plays + 1):
            again = self._again(case, first, next(plays))
            if again.verdict is not Verdict.COULD_NOT_RUN or _hangs(first, again):
                break
        return again

    def _again(self, case: Case, first: Finding, number: int) -> Finding:
        """One play more, with nothing else under way; waiting for a lifetime, others may go on.

        The more there were, the more valid exchanges come before it: at a server that fails each
        so manyth time, it would else meet the same again and again.
        """
        others = sources(first.seen_in, self._cases)[:SOURCES]
        setup = with_own_session(self._setup)
        examined = (case, *others)
        examiner = self._examine(
            setup,
            examined,
            seed=self._seed,
            apart=first.verdict is Verdict.COULD_NOT_RUN,
            before_play=self._calm_moment,
            told=self._told,
        )

        def examined_alone() -> Finding:
            for _ in range(number):
                with suppress(TargetUnusable):
                    play(setup.side, Setting(), CODE)
            for other in others:
                examiner.play(other)
            finding = examiner.play(case)
            refused = finding.verdict is Verdict.COULD_NOT_RUN and not finding.late
            if refused:  # its control at once, as in the run
                finding = examiner.play(case, afresh=True)
            return examiner.conclude(case, finding)

        with self._limit.alone():
            return copy_context().run(examined_alone)  # its time is its own

    def _calm_moment(self, case: Case) -> None:
        """Begin with a second where servers may tell two moments apart by the second."""
        if compares_moments(case):
            now = self._setup.side.clock()
            self._wait(math.ceil(now) - now)


def _differing(first: Finding, again: Finding) -> Finding:
    """The finding on a case that was broken and, alone, was not so; it shows both plays."""
    unsure = again.verdict is Verdict.COULD_NOT_RUN
    said = f"{_words(first)} at first; alone: {_words(again)}"
    second = SecondPlay(
        again.verdict, again.kind, again.step, again.observed, again.note, again.exchanges
    )
    verdict = Verdict.COULD_NOT_RUN if unsure else Verdict.UNSTEADY
    return replace(first.noted(said), verdict=verdict, second_play=second)


def _told(finding: Finding) -> Sequence[str]:
    """In what two findings have to agree for one to confirm the other."""
    return finding.verdict, finding.kind, finding.step


def _hangs(first: Finding, again: Finding) -> bool:
    """Whether the time allowed passed alone as well: more plays would only wait as long again."""
    return first.late != "" and first.late == again.late


def _cause(finding: Finding) -> str:
    """What kept a case from running, in what others may share: an endpoint that hangs is one."""
    return f"late: {finding.late}" if finding.late else _reason(finding)


def _reason(finding: Finding) -> str:
    return "; ".join(part for part in (finding.note, finding.observed, finding.control) if part)


def _words(finding: Finding) -> str:
    kind = f" ({finding.kind})" if finding.kind else ""
    said = finding.observed or finding.note
    return f"{finding.verdict}{kind}: {said}" if said else f"{finding.verdict}{kind}"
