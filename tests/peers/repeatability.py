"""Whether a peer is told the same thing again: one job and four, twice each.

`python -m tests.peers.repeatability [PEER …]` plays the whole suite four times at each peer, every
time at a server that was just started, and prints the cases whose verdict differs. A case that is
`unsteady` in one of the runs says so itself and does not count, nor does a race, whose record says
that it hangs on luck; that is printed. Exit code 1 where another differs.
Outside the gate: it takes some minutes a peer.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.peers.launch import running
from tests.peers.recipes import RECIPES
from tokenspec.conformance.record.reading import read_record

RUNS = (1, 4, 1, 4)  # jobs
UNSTEADY = "unsteady"


@dataclass(frozen=True, slots=True)
class Run:
    """One run at a peer: its jobs, what it took in seconds, and the verdict of each case by key.

    `races` are the cases whose requests were sent at the same moment, again and again.
    """

    jobs: int
    seconds: float
    verdicts: Mapping[str, str]
    races: frozenset[str] = frozenset()


def play(name: str, jobs: int) -> Run:
    """Play the suite at a peer that is started for it.

    Raises:
        PeerError: the peer could not be installed or did not start.
    """
    with tempfile.TemporaryDirectory(prefix="tokenspec-again-") as folder, running(name) as peer:
        command = ["run", str(peer.target_file), "--jobs", str(jobs)]
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "tokenspec", *command],
            cwd=folder,
            env={**os.environ, **peer.env},
            stdout=subprocess.DEVNULL,
            check=False,
        )
        seconds = time.perf_counter() - began
        record = read_record(Path(folder) / "tokenspec-report" / "record.ndjson")
    verdicts = {f["key"]: f["verdict"] for f in record.findings}
    races = frozenset(f["key"] for f in record.findings if f.get("races"))
    return Run(jobs, seconds, verdicts, races)


def differing(runs: Sequence[Run]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each case that was told two things, none of them `unsteady`, with what each run said."""
    for key in sorted({key for run in runs for key in run.verdicts}):
        told = tuple(run.verdicts.get(key, "absent") for run in runs)
        if len(set(told)) > 1 and UNSTEADY not in told:
            yield key, told


def by_luck(runs: Sequence[Run], key: str) -> bool:
    """Whether the case is a race in every run, so that it may come out otherwise."""
    return all(key in run.races for run in runs)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Play, compare and print; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.peers.repeatability")
    parser.add_argument("peers", nargs="*", metavar="PEER", help=f"of {', '.join(RECIPES)}")
    light = [name for name, recipe in RECIPES.items() if not recipe.heavy]
    chosen = parser.parse_args(arguments).peers or light
    steady = True
    for name in chosen:
        runs = []
        for jobs in RUNS:
            runs.append(play(name, jobs))
            counts = Counter(runs[-1].verdicts.values())
            told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
            _tell(f"{name}  {jobs} jobs  {runs[-1].seconds:.0f} s  {told}")
        for key, verdicts in differing(runs):
            luck = by_luck(runs, key)
            steady = steady and luck
            _tell(f"  {key}: {', '.join(verdicts)}{' (a race)' if luck else ''}")
    return 0 if steady else 1


if __name__ == "__main__":
    sys.exit(main())
