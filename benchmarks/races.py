"""How often a race is noticed, and how often an atomic server fails.

`python -m benchmarks.races --runs 100 --window 0.001` plays the races of the suite over loopback
against the reference server in a process of its own. With a window, that server has for each race
the defect it is about: so many seconds pass between a look and what is done upon it. Without one it
is atomic.
"""

from __future__ import annotations

import argparse
import multiprocessing
import multiprocessing.connection
import os
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

from tokenspec.conformance.preflight.opening import network_of
from tokenspec.conformance.preflight.setup import prepare
from tokenspec.conformance.record.evidence import no_evidence
from tokenspec.conformance.run import examiner as examine
from tokenspec.conformance.run.examiner import BROKEN, Examiner
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.selftest.servers import conforming_servers
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server import Server, ServerConfig
from tokenspec.reference_server.alterations.defects.grants import replays as tokens
from tokenspec.reference_server.shell import running

# Each race whose verdict depends on luck, and the defect it has to notice.
RACES: Mapping[str, str] = {
    "code-used-at-once/twelve": "code.check_then_act",
    "refresh-token-used-at-once/twelve": "refresh.check_then_act",
    "refresh-beside-its-revocation/the-token": "refresh.undoes_revocation",
    "refresh-beside-its-revocation/its-access-token": "refresh.overlooked",
    "refresh-beside-its-revocation/its-successor": "refresh.overlooked",
    "refresh-beside-a-replaced-token/two-generations-old": "refresh.overlooked",
    "code-beside-a-wrong-attempt/wrong-verifier": "code.answer_shared",
    "code-beside-a-wrong-attempt/another-client": "code.answer_shared",
    "code-used-at-once/then-its-access-token": "code.replay_revokes",
    "oauth21-invalid-replay/wrong-verifier-at-once": "code.invalid_replay_spares",
}
ELSEWHERE = {"oauth21-invalid-replay/wrong-verifier-at-once": "oauth-2.1"}  # the server it is for
NOTICED = (*BROKEN, Verdict.OBSERVE)  # what a MAY is about is never more than observed


def serve(
    config: ServerConfig,
    window: float,
    defects: Collection[str],
    told: multiprocessing.connection.Connection,
) -> None:
    """Serve until told to stop; the issuer goes to the other end first."""
    tokens.WINDOW = window
    with running(lambda issuer: Server(replace(config, issuer=issuer), defects=defects)) as issuer:
        told.send(issuer)
        told.recv()


def measure(case: Case, runs: int, window: float) -> Counter[str]:
    """How often each verdict came of a race, at a server that has its defect or is atomic."""
    defects = (RACES[case.key],) if window else ()
    ours, theirs = multiprocessing.Pipe()
    conforming = conforming_servers()[ELSEWHERE.get(case.key, "bundled")]
    arguments = (conforming.config, window, defects, theirs)
    server = multiprocessing.Process(target=serve, args=arguments, daemon=True)
    server.start()
    target = replace(conforming.target, issuer=ours.recv())
    with network_of(target) as network:
        examiner = Examiner(prepare(target, network), [case], show=no_evidence)
        counts = Counter(str(examiner.examine(case).verdict) for _ in range(runs))
    ours.send("stop")
    server.join()
    return counts


def main() -> None:
    """Play and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--window", type=float, default=0.0, help="seconds; 0 for an atomic server")
    parser.add_argument("--only", default="", help="races whose name holds this")
    parser.add_argument("--plays", type=int, default=examine.MEETINGS, help="of one race at most")
    options = parser.parse_args()
    examine.RACES = min(examine.RACES, options.plays)
    examine.MEETINGS = options.plays
    every = {case.key: case for case in whole_suite()}
    started = time.monotonic()
    for key in (key for key in RACES if options.only in key):
        counts = measure(every[key], options.runs, options.window)
        noticed = sum(counts[str(verdict)] for verdict in NOTICED)
        verdicts = ", ".join(f"{verdict} {n}" for verdict, n in sorted(counts.items()))
        print(f"{key}: {noticed} of {options.runs} ({verdicts})", flush=True)
    seconds, load = time.monotonic() - started, os.getloadavg()[0]
    print(f"window {options.window * 1000:g} ms, {seconds:.0f} s, load {load:.0f}")


if __name__ == "__main__":
    main()
