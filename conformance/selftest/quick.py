"""Which cases `--quick` runs: the fewest that notice the most defects.

`python -m tokenspec.conformance.selftest.quick MATRIX` writes their list anew from the
`selftest.json` of a selftest; the more is tried there (`selftest --full`), the shorter it gets.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from tokenspec.conformance.registry.advisories import published_advisories
from tokenspec.conformance.run import selection
from tokenspec.conformance.run.order import takes_long
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.selftest.gaps import Gap
from tokenspec.conformance.selftest.matrix import Matrix
from tokenspec.conformance.selftest.runner import SelftestRunner, selftest_runner, settled_runner
from tokenspec.reference_server.alterations.defects import DEFECTS

FILE = Path(selection.__file__).with_name(selection.QUICK_LIST)
HEAD = """\
# Made by python -m tokenspec.conformance.selftest.quick, from what a selftest noticed.
# Behind each case: the defects it is there for, as no case above it notices them.
"""
AIM = 0.86  # the share of defects at which nothing more is chosen
ENOUGH = 0.85  # the share without which the list has to be made anew
Noticed = Mapping[str, frozenset[str]]  # by the case's key: the defects it notices


def choose(noticed: Noticed, costs: Mapping[str, int], begun: Iterable[str], aim: int) -> list[str]:
    """Cases that notice `aim` defects together, or all that any does: always what adds most a cost.

    Args:
        noticed: of every case there is to choose from.
        costs: what playing a case costs, 1 or more.
        begun: cases that are chosen anyway.
        aim: a number of defects.
    """
    chosen = sorted(begun)
    seen = {defect for key in chosen for defect in noticed.get(key, ())}
    while len(seen) < aim:
        best = max(
            sorted(noticed), key=lambda key: len(noticed[key] - seen) / costs[key], default=None
        )
        if best is None or noticed[best] <= seen:
            break
        chosen.append(best)
        seen |= noticed[best]
    return sorted(chosen)


def reasons(chosen: Iterable[str], noticed: Noticed) -> Iterator[tuple[str, list[str]]]:
    """Each case with the defects that it is the first to notice."""
    seen: set[str] = set()
    for key in chosen:
        first = noticed.get(key, frozenset()) - seen
        seen |= first
        yield key, sorted(first)


def proved(
    noticed: dict[str, frozenset[str]], costs: Mapping[str, int], begun: Collection[str], aim: int
) -> list[str]:
    """Cases as of `choose`, each of which notices by itself what it is there for.

    One that looks at every answer may have noticed a defect by the answers to others. Such a defect
    is taken out of `noticed`.
    """
    runner = selftest_runner()
    while True:
        chosen = choose(noticed, costs, begun, aim)
        wrong = [
            (key, defect)
            for key, why in reasons(chosen, noticed)
            for defect in why
            if not runner.detections(defect, [key])
        ]
        if not wrong:
            return chosen
        for key, defect in wrong:
            noticed[key] -= {defect}


def of_advisories(cases: Collection[Case]) -> Iterator[str]:
    """The cheapest case of each advisory, where one takes no wait."""
    for advisory in published_advisories():
        own = [case for case in cases if advisory.id in case.tags and not takes_long(case)]
        if own:
            yield min(own, key=_cost).key


def at_the_bundled_server(runner: SelftestRunner) -> list[Case]:
    """The cases that apply to it."""
    first = next(iter(runner.servers))
    return [case for key, case in runner.cases.items() if runner.home.get(key) == first]


def too_little(matrix: Matrix, runner: SelftestRunner, defects: Collection[str]) -> Iterator[Gap]:
    """The quick selection, where it notices too few defects at the bundled server."""
    share = len(noticed_by_list(matrix, runner)) / len(defects)
    if share < ENOUGH:
        text = f"it notices {share:.0%} of the defects; make {FILE.name} anew from the matrix"
        yield Gap("quick selection too small", FILE.name, text)


def noticed_by_list(matrix: Matrix, runner: SelftestRunner) -> frozenset[str]:
    """The defects that the quick selection is known to notice at the bundled server."""
    runner.settle({one.case for one in matrix.detections})
    own = {case.key for case in at_the_bundled_server(runner)} & selection.quick_list()
    return frozenset(one.defect for one in matrix.detections if one.case in own)


def _cost(case: Case) -> int:
    return len(case.steps) + len(case.control)


def _read(path: Path) -> dict[str, frozenset[str]]:
    """Of each case the defects it noticed."""
    found: dict[str, set[str]] = {}
    for defect, row in json.loads(path.read_text(encoding="utf-8"))["defects"].items():
        for key in row["noticed_by"]:
            found.setdefault(key, set()).add(defect)
    return {key: frozenset(defects) for key, defects in found.items()}


def main() -> None:
    """Write the list and say what it notices."""
    known = _read(Path(sys.argv[1]))
    defects = DEFECTS
    cases = [case for case in at_the_bundled_server(settled_runner()) if not takes_long(case)]
    noticed = {case.key: known.get(case.key, frozenset()) for case in cases}
    costs = {case.key: _cost(case) for case in cases}
    chosen = proved(noticed, costs, set(of_advisories(cases)), int(AIM * len(defects)))
    lines = [f"{key}  # {' '.join(why)}".rstrip(" #") for key, why in reasons(chosen, noticed)]
    FILE.write_text("\n".join([HEAD + lines[0], *lines[1:], ""]), encoding="utf-8")
    seen = frozenset[str]().union(*(noticed[key] for key in chosen))
    sys.stdout.write(f"{len(chosen)} cases notice {len(seen)} of {len(defects)} defects: {FILE}\n")


if __name__ == "__main__":
    main()
