"""How often a race is noticed, and how often an atomic server is accused.

`python benchmarks/races.py --runs 100 --window 0.001` plays the suite's two races, twelve uses of
one code and of one refresh token at once, over loopback against the reference server in a process
of its own. With a window, that server looks a code or token up and marks it used so many seconds
later; without one it is atomic.
"""

from __future__ import annotations

import argparse
import multiprocessing
import multiprocessing.connection
import time
from collections import Counter

from conformance.play.verdicts import Verdict
from conformance.plugin.options import BUNDLED
from conformance.run.examine import Examiner
from conformance.run.opening import network_of
from conformance.run.setup import prepare
from conformance.scenario.loader import load_folders
from conformance.target.bundled import bundled_target
from conformance.vocabulary import vocabulary
from reference_server import Server
from reference_server.defects import tokens
from reference_server.demo import demo_config
from reference_server.shell import running

RACES = ("code-used-at-once/twelve", "refresh-token-used-at-once/twelve")
DEFECTS = ("code.check_then_act", "refresh.check_then_act")


def serve(window: float, told: multiprocessing.connection.Connection) -> None:
    """Serve until told to stop; the issuer goes to the other end first."""
    tokens.WINDOW = window
    defects = DEFECTS if window else ()
    with running(lambda issuer: Server(demo_config(issuer), defects=defects)) as issuer:
        told.send(issuer)
        told.recv()


def main() -> None:
    """Play and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--window", type=float, default=0.0, help="seconds; 0 for an atomic server")
    options = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(options.window, theirs), daemon=True)
    server.start()
    target = bundled_target(ours.recv())
    variants = [
        variant
        for scenario in load_folders([BUNDLED], vocabulary())
        for variant in scenario.variants
        if variant.key in RACES
    ]
    counts: Counter[tuple[str, str]] = Counter()
    started = time.monotonic()
    with network_of(target) as network:
        examiner = Examiner(prepare(target, network), variants)
        for _ in range(options.runs):
            for variant in variants:
                counts[variant.key, str(examiner.examine(variant).verdict)] += 1
    ours.send("stop")
    server.join()
    for key in RACES:
        verdicts = ", ".join(f"{v} {n}" for (k, v), n in sorted(counts.items()) if k == key)
        noticed = counts[key, str(Verdict.FAIL)]
        print(f"{key}: noticed in {noticed} of {options.runs} ({verdicts})")
    print(f"window {options.window * 1000:g} ms, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
