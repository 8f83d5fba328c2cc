"""Runs cases on threads, each whole in one of them; what is in doubt once more, in the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.record.look import LookedAt
from tokenspec.conformance.record.resume import TakenOver
from tokenspec.conformance.run.concurrency import ConcurrencyLimit
from tokenspec.conformance.run.confirmation import Confirmation, in_doubt, may_wait_together
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.load import Load
from tokenspec.conformance.run.order import ends_others, playing_order, waits
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.verdicts import BROKEN, Verdict

NOTHING = TakenOver({})
MOST_WAITING = 32  # cases that let time pass at once; each holds a thread meanwhile


class Engine:
    """Examines cases concurrently; each finding is handed out once, as it comes.

    A finding in doubt is confirmed by a second play, alone, when everything queued was played.

    Args:
        setup: the target and the oracle.
        cases: everything that may be examined in this run.
        jobs: how many cases are played at once, beside those that let time pass.
        seed: what may come again in another run is drawn from it.
        on_finding: called with every finding that is made here, by one thread at a time.
        on_look: called with what the answers show to cases that look at every one, as well.
        known: what an earlier part of the run has found; those cases are not played again.
        examine: makes what examines them, with the parameters of `Examiner`.
        confirm: makes what confirms findings, with the parameters of `Confirmation`.
        at_once: confirm each finding as soon as it is asked for, whatever is queued behind it.
    """

    def __init__(
        self,
        setup: Setup,
        cases: Iterable[Case],
        *,
        jobs: int,
        seed: int | None = None,
        on_finding: Callable[[Finding], None] = lambda _finding: None,
        on_look: Callable[[LookedAt], None] = lambda _look: None,
        known: TakenOver = NOTHING,
        examine: Callable[..., Examiner] = Examiner,
        confirm: Callable[..., Confirmation] = Confirmation,
        at_once: bool = False,
    ) -> None:
        self.cases = tuple(cases)
        self._limit = ConcurrencyLimit(jobs)
        self.load = Load(self._limit)
        patient = self._limit.released_in_waits(setup)
        self._examiner = examine(
            patient, self.cases, seed=seed, again=self._limit.side_by_side, on_look=on_look
        )
        self._examiner.response_checks.take_over(known.looks)
        self._confirmation = confirm(
            setup,
            self.cases,
            self._limit,
            examine=examine,
            seed=seed,
            luck=lambda: self.load.helped,
        )
        self._pool = ThreadPoolExecutor(jobs, "tokenspec")
        waiting = min(sum(map(waits, self.cases)), MOST_WAITING)
        self._waiting_pool = ThreadPoolExecutor(max(waiting, 1), "tokenspec-waiting")
        self._confirming_pool = ThreadPoolExecutor(1, "tokenspec-confirming")
        self._on_finding = on_finding
        self._known = known.findings
        self._at_once = at_once
        self._lock = threading.Lock()
        self._futures: dict[str, Future[Finding]] = {}
        self._in_doubt: dict[str, Case] = {}  # played once
        self._confirmed: dict[str, Future[Finding]] = {}
        self._unplayed = 0  # of what was queued
        self._closed = False
        self._played = threading.Condition()

    def submit(self, cases: Iterable[Case]) -> None:
        """Queue cases; those that look at every answer of the run end when all were played."""
        new = {case.key: case for case in cases if case.key not in self._futures}
        for key in new.keys() & self._known.keys():
            self._futures[key] = _settled(self._known[key])
            del new[key]
        watching = [case for case in new.values() if case.every_response]
        others = [case for case in new.values() if not case.every_response]
        with self._played:
            self._unplayed += len(new)
        for case in playing_order(others, self._limit.count):
            self._futures[case.key] = self._pool_of(case).submit(self._run, case)
        plays = [self._pool_of(case).submit(self._play, case) for case in watching]
        for case, play in zip(watching, plays, strict=True):
            self._futures[case.key] = self._pool.submit(self._conclude, case, play)

    def settled(self, case: Case) -> bool:
        """Wait for the play of a case; whether its finding counts as it is."""
        self.submit((case,))
        future = self._futures[case.key]
        return future.exception() is not None or not self._doubted(case)

    def finding(self, case: Case) -> Finding:
        """The finding of a case; waits for it, and queues it if it was not.

        Its evidence is kept by who asked, not here: asked again, the case is played again.

        Raises:
            HarnessError: the scenario, the harness or the oracle is at fault.
        """
        self.submit((case,))
        finding = self._futures[case.key].result()
        if self._doubted(case):
            finding = self._confirming(case).result()
            del self._confirmed[case.key], self._in_doubt[case.key]
            self._hand_out(finding)
        del self._futures[case.key]
        return finding

    def unclaimed(self) -> Iterator[Finding]:
        """After the close of a run cut short: what was judged and nobody had asked for yet.

        Without what looks at every answer, as there were not all of them.
        """
        for case in self.cases:
            future = self._futures.get(case.key)
            if case.every_response or future is None or future.cancelled():
                continue
            if future.exception() is None:
                yield self._last_known(case, future.result())

    def close(self) -> None:
        """Drop what has not begun and wait for what has."""
        with self._played:
            self._closed = True  # what waits for all plays need not wait for those that are dropped
            self._played.notify_all()
        pools = (self._pool, self._waiting_pool, self._confirming_pool)
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        for pool in pools:
            pool.shutdown(wait=True)

    def _pool_of(self, case: Case) -> ThreadPoolExecutor:
        return self._waiting_pool if waits(case) else self._pool

    def _run(self, case: Case) -> Finding:
        return self._first(case, self._play(case))

    def _play(self, case: Case) -> Finding:
        try:
            if ends_others(case) and not waits(case):
                with self._limit.alone():
                    return self._examiner.play(case)
            with self._limit.slot() as at_once:
                finding = self._examiner.play(case)
            return self.load.looked_into(finding, case, at_once, self._examiner)
        finally:
            self._count_played()

    def _count_played(self) -> None:
        with self._played:
            self._unplayed -= 1
            if self._unplayed == 0:
                self._played.notify_all()

    def _wait_for_all(self) -> None:
        with self._played:
            self._played.wait_for(lambda: self._closed or self._unplayed == 0)

    def _conclude(self, case: Case, play: Future[Finding]) -> Finding:
        """Queued last, so that whatever it waits for has begun, or was dropped at the end."""
        self._wait_for_all()
        return self._first(case, self._examiner.conclude(case, play.result()))

    def _first(self, case: Case, finding: Finding) -> Finding:
        """The finding of a first play: handed out, unless it is in doubt."""
        if in_doubt(finding):
            with self._lock:
                self._in_doubt[case.key] = case
        else:
            self._hand_out(finding)
        return finding

    def _hand_out(self, finding: Finding) -> None:
        with self._lock:
            self._on_finding(finding)

    def _doubted(self, case: Case) -> bool:
        with self._lock:
            return case.key in self._in_doubt

    def _confirming(self, case: Case) -> Future[Finding]:
        """The second play of a case; begun for all that is in doubt when all were played."""
        if not self._at_once:
            self._wait_for_all()
        with self._lock:
            doubted = (case,) if self._at_once else self._in_doubt.values()
            new = [each for each in doubted if each.key not in self._confirmed]
            firsts = {each.key: self._futures[each.key].result() for each in new}
        together = [each for each in new if may_wait_together(each, firsts[each.key])]
        alone = [each for each in new if each not in together]
        for each in alone:
            self._confirmed[each.key] = self._confirming_pool.submit(
                self._confirmation.confirmed, each, firsts[each.key]
            )
        before = tuple(self._confirmed.values())
        for each in together:
            self._confirmed[each.key] = self._waiting_pool.submit(
                self._confirmed_after, before, each, firsts[each.key]
            )
        return self._confirmed[case.key]

    def _confirmed_after(
        self, others: Iterable[Future[Finding]], case: Case, first: Finding
    ) -> Finding:
        """What waits for a lifetime, last of all: whoever came before waited for nothing.

        Each of those is waited for by itself: `futures.wait` never hears of one that a shutdown
        dropped. After the close there is nothing to begin.
        """
        for other in others:
            with suppress(CancelledError):
                other.exception()
        if self._closed:
            return replace(first, confirmed=False)
        return self._confirmation.confirmed(case, first)

    def _last_known(self, case: Case, first: Finding) -> Finding:
        """The confirmed finding if there is one; else the first, which is none yet."""
        again = self._confirmed.get(case.key)
        if again is not None and again.done() and not again.cancelled() and not again.exception():
            finding = again.result()
            if finding.verdict is not Verdict.COULD_NOT_RUN:  # as what the end cut off
                return finding
        doubted = self._doubted(case) and first.verdict in BROKEN
        return replace(first, confirmed=False) if doubted else first


def _settled(finding: Finding) -> Future[Finding]:
    future: Future[Finding] = Future()
    future.set_result(finding)
    return future
