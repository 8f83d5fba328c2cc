"""The wire: the same requests from a bare client, and targets that are far away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import httpx

from benchmarks.common import JOBS, Row, over_loopback, play_suite, served, suite
from benchmarks.whole import in_process
from tokenspec.conformance.http import Request, Response, Transport
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.target.model import Target

ROUND_TRIPS = (0.02, 0.1, 0.3)  # seconds
EVERY = {1: 16, 4: 4, 16: 1, 64: 1}  # jobs: one scenario in so many is played, the time scaled up


@dataclass(slots=True)
class Tape:
    """A transport that remembers what was asked, by the thread that asked: a job each."""

    inner: Transport
    requests: dict[int, list[Request]] = field(default_factory=dict)

    def send(self, request: Request) -> Response:
        """Remember and pass on."""
        self.requests.setdefault(threading.get_ident(), []).append(request)
        return self.inner.send(request)


@dataclass(slots=True)
class Far:
    """A transport to a target that is so many seconds away, there and back."""

    inner: Transport
    round_trip: float
    sent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, request: Request) -> Response:
        """Wait, then pass on."""
        with self.lock:
            self.sent += 1
        time.sleep(self.round_trip)
        return self.inner.send(request)


def floor(rounds: int) -> Iterator[Row]:
    """The suite over the loopback, then the same requests by httpx alone.

    Each of as many jobs sends what a job of the suite sent, in that order.
    """
    ours, bare, counts = [], [], []
    with served() as issuer:
        for _round in range(rounds):
            tapes: list[Tape] = []

            def taped(inner: Transport, tapes: list[Tape] = tapes) -> Transport:
                tapes.append(Tape(inner))
                return tapes[-1]

            with over_loopback(issuer, taped) as setup:
                ours.append(play_suite(setup))
            sequences = list(tapes[0].requests.values())
            bare.append(_replay(sequences))
            counts.append(sum(map(len, sequences)))
    seconds, least = sorted(ours)[rounds // 2], sorted(bare)[rounds // 2]
    yield Row(
        f"whole suite over loopback, oracle, {counts[-1]} requests, {JOBS} jobs",
        f"{seconds:.2f} s",
        f"bare httpx, same requests {least:.2f} s",
        seconds / least,
    )


def _replay(sequences: list[list[Request]]) -> float:
    with httpx.Client(follow_redirects=False) as client, ThreadPoolExecutor(JOBS) as pool:

        def send(asked: Request) -> int:
            made = client.build_request(
                asked.method, asked.url, headers=list(asked.headers), content=asked.body
            )
            try:
                return client.send(made).status_code
            except httpx.HTTPError:  # some cases are not well-formed on purpose
                return 0

        def send_all(sequence: list[Request]) -> None:
            for asked in sequence:
                send(asked)

        begun = time.perf_counter()
        for _done in pool.map(send_all, sequences):
            pass
        return time.perf_counter() - begun


def far(_rounds: int) -> Iterator[Row]:
    """A target that answers only after a round trip: beside the time the round trips alone take."""
    for round_trip in ROUND_TRIPS:
        for jobs, every in EVERY.items():
            names = list(dict.fromkeys(case.scenario for case in suite()))[::every]
            chosen = [case for case in suite() if case.scenario in names]
            base = in_process()
            base = replace(base, target=_with_jobs(base, jobs))
            away = Far(base.counted, round_trip)
            side = replace(base.side, target=base.target, connect=lambda away=away: away)
            seconds = play_suite(replace(base, side=side), jobs=jobs, cases=chosen)
            least = away.sent * round_trip / jobs
            share = "" if every == 1 else f" (1 scenario in {every}, scaled)"
            scale = len(suite()) / len(chosen)
            yield Row(
                f"{1000 * round_trip:.0f} ms round trip, {jobs} jobs{share}",
                f"{seconds * scale:.1f} s",
                f"round trips alone {least * scale:.1f} s",
                seconds / least,
            )


def _with_jobs(setup: Setup, jobs: int) -> Target:
    return replace(setup.target, limits=replace(setup.target.limits, jobs=jobs))
