"""Published flaws at the old versions that have them, and at versions without; outside the gate.

`python -m tests.peers.flawed [PEER …]` starts each old version of flawed.yaml and the version
where it was fixed, plays the cases that carry the advisories among their tags, and prints a table
with each case's verdict at both. Ends with 1 where no case of a flaw is red at the flawed version,
or one is red at the fixed version. The old versions are pinned in `old/`, like the others.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.peers.heavy import play
from tests.peers.launch import running
from tests.peers.recipes import PeerError
from tokenspec.conformance.run.suite import whole_suite

FLAWED = Path(__file__).parent / "flawed.yaml"
RED = ("fail", "warn")
HEAD = "| peer | flaw | case | flawed | fixed |\n|---|---|---|---|---|\n"


@dataclass(frozen=True, slots=True)
class Flawed:
    """An old version of a peer, with the ids of the advisories on it.

    `fixed` is the version to compare with, None for the peer's usual one; `setting` the name of
    another target file of the peer, "" for the usual one; `recipe` fields of its recipe that are
    others there, so that the flaw can be reached.
    """

    peer: str
    flawed: str
    flaws: tuple[str, ...]
    fixed: str | None = None
    setting: str = ""
    recipe: Mapping[str, Any] = field(default_factory=dict)


def read_flawed() -> list[Flawed]:
    """What flawed.yaml says."""
    rows = yaml.safe_load(FLAWED.read_text("utf-8"))
    return [Flawed(**{**row, "flaws": tuple(row["flaws"])}) for row in rows]


def cases_of(flaw: str) -> list[str]:
    """The keys of the cases that carry an advisory among their tags."""
    return [case.key for case in whole_suite() if flaw in case.tags]


def verdicts(row: Flawed, version: str | None) -> Mapping[str, str]:
    """The verdicts of the cases of a row's flaws at one version, by key.

    Raises:
        PeerError: the peer could not be installed or did not start.
    """
    keys = dict.fromkeys(key for flaw in row.flaws for key in cases_of(flaw))
    select = [word for key in keys for word in ("--select", key)]
    with (
        tempfile.TemporaryDirectory(prefix="tokenspec-flawed-") as folder,
        running(row.peer, version=version, different=row.recipe) as peer,
    ):
        target = peer.target_files[row.setting] if row.setting else peer.target_file
        found = play(peer, target, Path(folder), select)
    return {key: one["verdict"] for key, one in found.items()}


def compared(row: Flawed) -> Iterator[tuple[str, bool]]:
    """Lines of the table, each with whether its flaw is told as it should be."""
    before, after = verdicts(row, row.flawed), verdicts(row, row.fixed)
    for flaw in row.flaws:
        keys = [key for key in cases_of(flaw) if key in before]
        seen = any(before[key] in RED for key in keys)
        silent = not any(after.get(key) in RED for key in keys)
        for key in keys or ["none"]:
            told = f"{before.get(key, 'not played')} | {after.get(key, 'not played')}"
            name = f"{row.peer} {row.flawed}, {row.fixed or 'usual'}"
            yield f"| {name} | {flaw} | `{key}` | {told} |\n", seen and silent


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.peers.flawed", description=__doc__)
    rows = read_flawed()
    parser.add_argument("peers", nargs="*", metavar="PEER", help="only these")
    options = parser.parse_args()
    if unknown := {*options.peers} - {row.peer for row in rows}:
        parser.error(f"flawed.yaml has no row for {', '.join(sorted(unknown))}")
    well = True
    sys.stdout.write(HEAD)
    for row in rows:
        if options.peers and row.peer not in options.peers:
            continue
        try:
            for line, as_it_should in compared(row):
                sys.stdout.write(line)
                well = well and as_it_should
        except PeerError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        sys.stdout.flush()
    return int(not well)


if __name__ == "__main__":
    raise SystemExit(main())
