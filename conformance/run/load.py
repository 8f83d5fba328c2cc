"""Whether the target bears so many cases at once; where it does not, there are fewer."""

from __future__ import annotations

import threading

from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.concurrency import ConcurrencyLimit
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.order import waits
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.verdicts import Verdict

HICCUPS = 2  # valid steps that failed beside others and not alone, before there are fewer at once
IN_VAIN = 3  # such steps in a row that failed alone as well: then load is not why


class Load:
    """Plays at once, alone, what could not run beside others; safe for many threads.

    A case could not run where a valid step was refused, failed, or was not answered: its control,
    or what leads to the request it is about. If all is well when nothing else is under way, others
    were the reason. Where that happens again, half as many cases are played at once.
    """

    def __init__(self, limit: ConcurrencyLimit) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._hiccups = 0  # with as many at once as now
        self._in_vain = 0
        self.helped = False  # that something was played again
        self.counts = [limit.count]  # how many there were at once, one after the other

    def looked_into(
        self, finding: Finding, case: Case, at_once: int, examiner: Examiner
    ) -> Finding:
        """`finding`, or that of another play, alone, where the case could not run beside others.

        Args:
            finding: of a play that is over.
            case: what was played.
            at_once: how many could be under way then.
            examiner: plays it.

        Raises:
            HarnessError: the scenario, the harness or the oracle is at fault.
        """
        could_run = finding.verdict is not Verdict.COULD_NOT_RUN
        if could_run or waits(case) or self._in_vain >= IN_VAIN:
            return finding
        with self._limit.alone():
            again = examiner.play(case, afresh=True)
        if again.verdict is Verdict.COULD_NOT_RUN:
            with self._lock:
                self._in_vain += 1
            return finding
        self._count(at_once)
        why = f"could not run beside others ({finding.note or finding.observed})"
        return again.noted(why)

    def _count(self, at_once: int) -> None:
        """What could not run beside others ran alone."""
        with self._lock:
            self._in_vain = 0
            self.helped = True
            if at_once != self._limit.count:
                return  # there are fewer already since it was played
            self._hiccups += 1
            if self._hiccups >= HICCUPS and self._limit.halve(at_once):
                self._hiccups = 0
                self.counts.append(self._limit.count)
