"""The suite at a peer that takes minutes, in every setting it has; outside the gate.

`python -m tests.peers.heavy NAME` starts the peer once, tells what it took to start and the memory
of its processes, runs the suite at each target file and compares the verdicts with judged.yaml:
those of NAME, and those that differ in a setting, `NAME/SETTING`. Ends with 1 where a verdict was
not judged to be that. What touches security and is not public is judged nowhere, and so is listed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.peers.launch import Peer, running
from tests.peers.recipes import RECIPES, PeerError
from tokenspec.conformance.record.reading import read_record

JUDGED = Path(__file__).parent / "judged.yaml"
QUIET = ("pass", "not-applicable", "unsteady", "deviation")


def memory(group: int) -> float:
    """Resident memory of a process group now, in MiB (Linux: /proc)."""
    kib = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(process.name)) != group:
                continue
            for line in (process / "status").read_text("utf-8").splitlines():
                if line.startswith("VmRSS:"):
                    kib += int(line.split()[1])
        except OSError:
            continue  # it has ended
    return kib / 1024


def play(peer: Peer, target: Path, folder: Path, more: list[str]) -> Mapping[str, Any]:
    """Run the suite; gives the findings by key."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["run", str(target), "--report-dir", str(folder), *more]
    with (folder / "output.txt").open("wb") as output:
        subprocess.run(
            [sys.executable, "-m", "tokenspec", *command],
            env={**os.environ, **peer.env}, stdout=output, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
    file = folder / "record.ndjson"
    record = read_record(file) if file.exists() else None
    if record is None or record.footer is None:
        told = (folder / "output.txt").read_text("utf-8", errors="replace")[-1000:]
        raise SystemExit(f"the run at {target.name} did not come to an end:\n{told}")
    return {finding["key"]: finding for finding in record.findings}


def differing(found: Mapping[str, Any], judged: Mapping[str, str]) -> Iterator[str]:
    """Verdicts that are not the judged ones; `?` behind one of these: it comes at times."""
    told = {key: one["verdict"] for key, one in found.items()}
    for key in sorted({*(k for k, v in told.items() if v not in QUIET), *judged}):
        expected, seen = judged.get(key, "nothing"), told.get(key, "nothing")
        at_times = expected.endswith("?") and seen in QUIET
        if seen not in (expected.rstrip("?"), "unsteady") and not at_times:
            yield f"{key}: {seen}, judged: {expected}"


def run(name: str, folder: Path, only: list[str], more: list[str]) -> int:
    """Every setting of a peer, or those named; gives the exit code."""
    judged = yaml.safe_load(JUDGED.read_text("utf-8"))
    left = 0
    began = time.perf_counter()
    with running(name) as peer:
        sys.stdout.write(f"{name} took {time.perf_counter() - began:.0f} s to start\n")
        for setting, target in {"default": peer.target_file, **peer.target_files}.items():
            if only and setting not in only:
                continue
            began = time.perf_counter()
            found = play(peer, target, folder / setting, more)
            seconds = time.perf_counter() - began
            verdicts = Counter(one["verdict"] for one in found.values())
            sys.stdout.write(f"{name}/{setting}: {seconds:.0f} s, {memory(peer.group):.0f} MiB, ")
            sys.stdout.write(", ".join(f"{n} {v}" for v, n in verdicts.most_common()) + "\n")
            known = judged.get(name, {}) | judged.get(f"{name}/{setting}", {})
            for line in differing(found, known):
                sys.stdout.write(f"  {line}\n")
                left += 1
            sys.stdout.flush()
    return int(bool(left))


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.peers.heavy", description=__doc__)
    heavy = sorted(name for name, recipe in RECIPES.items() if recipe.heavy)
    parser.add_argument("name", choices=heavy)
    parser.add_argument("--setting", action="append", default=[], help="only this one; again")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep reports and records there")
    options, more = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="tokenspec-heavy-") as folder:
        try:
            return run(options.name, options.keep or Path(folder), options.setting, more)
        except PeerError as error:
            sys.stderr.write(f"{error}\n")
            return 1


if __name__ == "__main__":
    raise SystemExit(main())
