"""oidc-provider with one fault in its own source at a time: is each noticed, and told rightly?

`python -m tests.peers.mutants [NAME…]` puts each fault of `mutants.yaml` into a copy of the pinned
package, runs the cases of its requirement's section there, and holds the verdicts beside those at
the package as it is. It writes `benchmarks/mutants.md`, or only prints where names are given, and
ends with 1 where a fault is not noticed, is told under a requirement of another section, or is a
warning only where the text has MUST. A fault whose place in the source is not found is an error
that names it. With `--keep FILE` each outcome is written there as it comes, and a run that was
ended goes on from there.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from tests.peers.launch import installed, running
from tests.peers.recipes import PeerError
from tokenspec.conformance.errors import TokenspecError
from tokenspec.conformance.preflight.opening import open_target
from tokenspec.conformance.preflight.sequence import make_usable
from tokenspec.conformance.record.evidence import evidence
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.registry import Registry
from tokenspec.conformance.run.confirmation import Confirmation
from tokenspec.conformance.run.engine import Engine
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.selection import selected
from tokenspec.conformance.run.suite import whole_suite

PEER = "oidc-provider"
AGAIN = "python -m tests.peers.mutants"
TABLE = Path(__file__).with_suffix(".yaml")
PAGE = Path(__file__).parents[2] / "benchmarks" / "mutants.md"
RED = ("fail", "warn")  # the graver first
JOBS = 4
Findings = Mapping[str, Finding]  # by the case's key


@dataclass(frozen=True, slots=True)
class Edit:
    """Text of a file below the package's `lib/`, and what stands there instead."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault. `kin` are further requirements that tell it; `nonce`: the server asks for nonces.

    `mild` says why a warning is all that the text allows, where its requirement has MUST.
    """

    name: str
    breaks: str
    kin: frozenset[str]
    nonce: bool
    mild: str
    edits: tuple[Edit, ...]

    @property
    def sections(self) -> frozenset[str]:
        """The sections whose cases can tell this fault."""
        return frozenset(row.rpartition("-")[0] for row in (self.breaks, *self.kin))

    def told_by(self, requirement: str) -> bool:
        """Whether a case that cites `requirement` tells this fault."""
        return requirement.rpartition("-")[0] in self.sections


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a fault. `right` and `other`: cases with their verdicts, the gravest first."""

    mutant: Mutant
    must: bool
    right: tuple[tuple[str, str], ...]
    other: tuple[tuple[str, str], ...]
    problem: str = ""

    @property
    def verdict(self) -> str:
        """fail, warn, elsewhere (under other requirements only), or unnoticed."""
        if self.right:
            return self.right[0][1]
        return "elsewhere" if self.other else "unnoticed"

    @property
    def good(self) -> bool:
        """Whether it is noticed under its requirement, as gravely as the text has it."""
        return self.verdict == "fail" or (self.verdict == "warn" and not self.must)


def read_mutants(path: Path = TABLE) -> list[Mutant]:
    """The rows of the table."""
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        Mutant(
            name=row["name"],
            breaks=row["breaks"],
            kin=frozenset(row.get("kin", ())),
            nonce=row.get("nonce", False),
            mild=row.get("mild", ""),
            edits=tuple(
                Edit(place["file"], place["old"], place["new"])
                for place in (row, *row.get("more", ()))
            ),
        )
        for row in rows
    ]


@contextmanager
def patched(mutant: Mutant, original: Path) -> Iterator[Path]:
    """A folder of packages like `original`, with the fault in the peer's own.

    Raises:
        PeerError: a text to replace is not there exactly once.
    """
    with tempfile.TemporaryDirectory(prefix="tokenspec-mutant-") as folder:
        packages = Path(folder) / "node_modules"
        packages.mkdir()
        for one in (original / "node_modules").iterdir():
            if one.name == PEER:
                shutil.copytree(one, packages / one.name)
            else:
                (packages / one.name).symlink_to(one)
        for edit in mutant.edits:
            file = packages / PEER / "lib" / edit.file
            text = file.read_text(encoding="utf-8") if file.exists() else ""
            if text.count(edit.old) != 1:
                count = text.count(edit.old)
                raise PeerError(
                    f"{mutant.name}: {edit.file} has its text {count} times: {edit.old}"
                )
            file.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
        yield Path(folder)


def findings(select: Sequence[str], installation: Path, *, nonce: bool) -> Findings:
    """Run what `select` names, all where it names nothing; gives the findings by case.

    Raises:
        PeerError: the peer cannot be started, or what it says of itself cannot be used.
    """
    with ExitStack() as stack:
        peer = stack.enter_context(running(PEER, dpop_nonce=nonce, installation=installation))
        try:
            opened = open_target(peer.target_file, os.environ | peer.env)
            stack.callback(opened.close)
            setup, _failed = make_usable(opened.setup)
        except TokenspecError as error:
            raise PeerError(str(error)) from error
        cases = [case for case in whole_suite() if not select or selected(case, select)]
        cases.sort(key=lambda case: case.every_response)
        examine = functools.partial(Examiner, show=evidence)
        engine = Engine(setup, cases, jobs=JOBS, examine=examine, confirm=Confirmation)
        engine.submit(cases)
        found = {case.key: engine.finding(case) for case in cases}
        engine.close()
    return found


def compare(mutant: Mutant, before: Findings, after: Findings) -> Outcome:
    """What the fault turned red."""
    right, other = [], []
    for key, finding in after.items():
        verdict, was = str(finding.verdict), str(before[key].verdict)
        if verdict in RED and (was not in RED or RED.index(verdict) < RED.index(was)):
            (right if mutant.told_by(finding.requirement) else other).append((key, verdict))
    level = Registry.load().get(mutant.breaks).level
    must = level.startswith("MUST") and not mutant.mild

    def gravest(found: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        return tuple(sorted(found, key=lambda one: RED.index(one[1])))

    return Outcome(mutant, must, gravest(right), gravest(other))


def try_one(mutant: Mutant, original: Path, before: Findings, *, whole: bool) -> Outcome:
    """Run it; what could not be run has a problem."""
    select = () if whole else sorted(mutant.sections)
    try:
        with patched(mutant, original) as installation:
            after = findings(select, installation, nonce=mutant.nonce)
    except PeerError as error:
        return Outcome(mutant, must=True, right=(), other=(), problem=str(error))
    return compare(mutant, before, after)


def page(outcomes: Sequence[Outcome], version: str) -> str:
    """The table, in Markdown."""
    good = sum(one.good for one in outcomes)
    lines = [
        "# oidc-provider with faults",
        "",
        f"`{AGAIN}` puts one fault at a time into a copy of oidc-provider",
        f"{version}: made up, a few words of source each, in `tests/peers/mutants.yaml`. It is",
        "noticed where a case fails that passes at the package as it is, and that cites its",
        "requirement or one of the same section.",
        "",
        f"**{good} of {len(outcomes)}** are noticed as gravely as the text has it.",
        "",
        "| fault | requirement | verdict | first case |",
        "|---|---|---|---|",
    ]
    for one in outcomes:
        shown = one.right or one.other
        case = f"`{shown[0][0]}`" if shown else ""
        lines.append(f"| {one.mutant.name} | {one.mutant.breaks} | {one.verdict} | {case} |")
    mild = [f"- {one.mutant.name}: {one.mutant.mild}" for one in outcomes if one.mutant.mild]
    return "\n".join([*lines, "", "A warning is what the text allows:", "", *mild, ""])


def kept(file: Path | None, chosen: Sequence[Mutant]) -> dict[str, Outcome]:
    """The outcomes of an earlier run, by the fault's name; problems are tried again."""
    lines = file.read_text(encoding="utf-8").splitlines() if file and file.exists() else []
    rows = {row["mutant"]["name"]: row for row in map(json.loads, lines) if not row["problem"]}
    return {
        mutant.name: Outcome(
            mutant,
            row["must"],
            right=tuple((key, verdict) for key, verdict in row["right"]),
            other=tuple((key, verdict) for key, verdict in row["other"]),
        )
        for mutant in chosen
        if (row := rows.get(mutant.name))
    }


def keep(file: Path | None, outcome: Outcome) -> None:
    """Write it behind those that came before."""
    if file:
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(outcome), default=sorted) + "\n")


def main() -> int:
    """Try them and tell."""
    parser = argparse.ArgumentParser(prog=AGAIN, description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults; default all")
    parser.add_argument("--whole", action="store_true", help="run all cases at each")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="outcomes, to go on from")
    options = parser.parse_args()
    chosen = [m for m in read_mutants() if not options.names or m.name in options.names]
    done = kept(options.keep, chosen)
    original = installed(PEER)
    before = {}
    left = [mutant for mutant in chosen if mutant.name not in done]
    for nonce in {mutant.nonce for mutant in left}:
        wanted = {s for mutant in left if mutant.nonce == nonce for s in mutant.sections}
        select = () if options.whole else sorted(wanted)
        before[nonce] = findings(select, original, nonce=nonce)
    outcomes = []
    for mutant in chosen:
        one = done.get(mutant.name)
        if one is None:
            one = try_one(mutant, original, before[mutant.nonce], whole=options.whole)
            keep(options.keep, one)
        outcomes.append(one)
        shown = [f"{key} {verdict}" for key, verdict in (*one.right[:2], *one.other[:3])]
        sys.stdout.write(f"{mutant.name}: {one.problem or one.verdict}; {', '.join(shown)}\n")
        sys.stdout.flush()
    if not options.names:
        manifest = (TABLE.parent / PEER / "package.json").read_text(encoding="utf-8")
        version = yaml.safe_load(manifest)["dependencies"][PEER]
        PAGE.write_text(page(outcomes, version), encoding="utf-8")
    return int(not all(one.good for one in outcomes))


if __name__ == "__main__":
    raise SystemExit(main())
