"""Runs cases on threads, each whole in one of them; those that let time pass on their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import MappingProxyType

from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.concurrency import ConcurrencyLimit
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.order import playing_order, waits
from tokenspec.conformance.scenario.model import Case

NOTHING: Mapping[str, Finding] = MappingProxyType({})
MOST_WAITING = 32  # cases that let time pass at once; each holds a thread meanwhile


class Engine:
    """Examines cases concurrently; each finding is handed out once, as it comes.

    Args:
        setup: the target and the oracle.
        cases: everything that may be examined in this run.
        jobs: how many cases are played at once, beside those that let time pass.
        seed: what may come again in another run is drawn from it.
        on_finding: called with every finding, by one thread at a time.
        known: findings of an earlier run, by key; those cases are not played again.
        examine: makes what examines them, with the parameters of `Examiner`.
    """

    def __init__(
        self,
        setup: Setup,
        cases: Iterable[Case],
        *,
        jobs: int,
        seed: int | None = None,
        on_finding: Callable[[Finding], None] = lambda _finding: None,
        known: Mapping[str, Finding] = NOTHING,
        examine: Callable[..., Examiner] = Examiner,
    ) -> None:
        self.cases = tuple(cases)
        self._jobs = jobs
        self._limit = ConcurrencyLimit(jobs)
        patient = self._limit.released_in_waits(setup)
        self._examiner = examine(patient, self.cases, seed=seed, again=self._limit.side_by_side)
        self._pool = ThreadPoolExecutor(jobs, "tokenspec")
        waiting = min(sum(map(waits, self.cases)), MOST_WAITING)
        self._waiting_pool = ThreadPoolExecutor(max(waiting, 1), "tokenspec-waiting")
        self._on_finding = on_finding
        self._known = known
        self._lock = threading.Lock()
        self._futures: dict[str, Future[Finding]] = {}
        self._unplayed = 0  # of what was queued
        self._closed = False
        self._played = threading.Condition()

    def submit(self, cases: Iterable[Case]) -> None:
        """Queue cases; those that look at every answer of the run end when all were played."""
        new = {case.key: case for case in cases if case.key not in self._futures}
        watching = [case for case in new.values() if case.every_response]
        others = [case for case in new.values() if not case.every_response]
        with self._played:
            self._unplayed += len(new)
        for case in playing_order(others, self._jobs):
            self._futures[case.key] = self._pool_of(case).submit(self._run, case)
        plays = [self._pool_of(case).submit(self._play, case) for case in watching]
        for case, play in zip(watching, plays, strict=True):
            self._futures[case.key] = self._pool.submit(self._conclude, case, play)

    def finding(self, case: Case) -> Finding:
        """The finding of a case; waits for it, and queues it if it was not.

        Its evidence is kept by who asked, not here: asked again, the case is played again.

        Raises:
            HarnessError: the scenario, the harness or the oracle is at fault.
        """
        self.submit((case,))
        return self._futures.pop(case.key).result()

    def unclaimed(self) -> Iterator[tuple[Case, Finding]]:
        """After the close of a run cut short: what was judged and nobody had asked for yet.

        Without what looks at every answer, as there were not all of them.
        """
        for case in self.cases:
            future = self._futures.get(case.key)
            if case.every_response or future is None or future.cancelled():
                continue
            if future.exception() is None:
                yield case, future.result()

    def close(self) -> None:
        """Drop what has not begun and wait for what has."""
        with self._played:
            self._closed = True  # what waits for all plays need not wait for those that are dropped
            self._played.notify_all()
        for pool in (self._pool, self._waiting_pool):
            pool.shutdown(wait=False, cancel_futures=True)
        for pool in (self._pool, self._waiting_pool):
            pool.shutdown(wait=True)

    def _pool_of(self, case: Case) -> ThreadPoolExecutor:
        return self._waiting_pool if waits(case) else self._pool

    def _run(self, case: Case) -> Finding:
        known = self._known.get(case.key)
        if known is None:
            return self._handed_out(self._play(case))
        self._count_played()
        return self._handed_out(known)

    def _play(self, case: Case) -> Finding:
        try:
            with self._limit.slot():
                return self._examiner.play(case)
        finally:
            self._count_played()

    def _count_played(self) -> None:
        with self._played:
            self._unplayed -= 1
            if self._unplayed == 0:
                self._played.notify_all()

    def _conclude(self, case: Case, play: Future[Finding]) -> Finding:
        """Queued last, so that whatever it waits for has begun, or was dropped at the end."""
        with self._played:
            self._played.wait_for(lambda: self._closed or self._unplayed == 0)
        return self._handed_out(self._examiner.conclude(case, play.result()))

    def _handed_out(self, finding: Finding) -> Finding:
        with self._lock:
            self._on_finding(finding)
        return finding
