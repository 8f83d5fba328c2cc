"""Defects by cases: which case notices which defect, worked out on every core."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tokenspec.conformance.run.selection import quick_reasons
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.selftest.pool import Progress, Run, pool
from tokenspec.conformance.selftest.runner import Detection, SelftestRunner, selftest_runner
from tokenspec.reference_server.alterations.defects import DEFECTS

WORD = re.compile(r"[a-z0-9]+")
# Defects that turn most cases that are granted, or refused, or bound to a key: the second to try.
BROAD = (
    "pkce.padded_hash",
    "error.member",
    "error.code_charset",
    "dpop.nonce_header",
    "dpop.unverified",
    "dpop.bad_proof_not_ignored",
    "authorize.once",
    "id_token.present",
    "userinfo.sub",
)


@dataclass(frozen=True, slots=True)
class Matrix:
    """What notices what. Not `full`: each defect and case was tried until one was noticed."""

    detections: tuple[Detection, ...]
    full: bool

    def noticed_by(self, defect: str) -> tuple[str, ...]:
        """The cases known to notice a defect."""
        return tuple(one.case for one in self.detections if one.defect == defect)

    def turning(self, case: str) -> tuple[str, ...]:
        """The defects that a case is known to notice."""
        return tuple(one.defect for one in self.detections if one.case == case)

    @property
    def useful(self) -> frozenset[str]:
        """The cases known to notice something."""
        return frozenset(one.case for one in self.detections)


def noticed(detections: Iterable[Detection]) -> dict[str, dict[str, Any]]:
    """By defect, its requirement and how each case notices it: as `selftest.json` has it."""
    found: dict[str, dict[str, Any]] = {}
    for one in detections:
        row = found.setdefault(
            one.defect, {"requirement": DEFECTS[one.defect].requirement, "noticed_by": {}}
        )
        row["noticed_by"][one.case] = {"verdict": one.verdict, "kind": one.kind}
    return found


def make_matrix(
    runner: SelftestRunner,
    defects: Collection[str],
    keys: Collection[str],
    *,
    full: bool = False,
    jobs: int | None = None,
    progress: Progress = lambda _what, _done, _all: None,
) -> Matrix:
    """Try `defects` on the cases of `runner`, and the cases `keys` on all defects.

    First each defect on the cases that cite its requirement, and on the one by which the quick
    selection notices it; then what was noticed by none of them on all others, then each idle case
    on the defects nearest to it. `full` tries each of `defects` on every case, and each of the
    cases `keys` on every defect.
    """
    runner.settle(keys)
    everything = tuple(runner.cases)
    with pool(jobs, progress) as run:
        if full:
            chosen = frozenset(defects)
            tasks = [(d, everything if d in chosen else tuple(keys)) for d in DEFECTS]
            return _matrix(run(_try, tasks, "defects"), full=True)
        citing = {defect: _citing(runner.cases, defect) for defect in defects}
        for key, noticed in quick_reasons().items():  # which is to be seen of the quick selection
            for defect in citing.keys() & set(noticed):
                citing[defect] = list(dict.fromkeys((*citing[defect], key)))
        detections = run(_try, citing.items(), "defects by their own cases")
        caught = {one.defect for one in detections}
        rest = [(d, [k for k in everything if k not in citing[d]]) for d in defects]
        detections += run(_try, [r for r in rest if r[0] not in caught], "defects by all cases")
        detections += _wake(runner, detections, keys, run)
    return _matrix(detections, full=False)


def _matrix(detections: Iterable[Detection], *, full: bool) -> Matrix:
    return Matrix(tuple(sorted(detections, key=lambda one: (one.defect, one.case))), full)


def candidates(runner: SelftestRunner, case: Case) -> list[str]:
    """The defects a case may notice: the nearest, then the broad ones, then all others.

    Near is what the oracle refused by, what cites the same row, then the same section, then what
    shares the rarest words with the case.
    """
    section = case.requirement.rsplit("-", 1)[0] + "-"
    runner.settle([case.key])
    said = runner.good[case.key].oracle
    own = _words(case.key, case.title, case.requirement)
    words = _words_of_defects()
    often = Counter(word for found in words.values() for word in found)

    def near(name: str) -> tuple[bool, bool, bool, float]:
        cited = DEFECTS[name].requirement
        shared = sum(1 / often[word] for word in own & words[name])
        return (f"({name}," in said, cited in case.cited, cited.startswith(section), shared)

    nearest = sorted(DEFECTS, key=near, reverse=True)
    return list(dict.fromkeys((*nearest[:NEAREST], *BROAD, *nearest[NEAREST:])))


@functools.cache
def _words_of_defects() -> Mapping[str, frozenset[str]]:
    return {name: _words(name, d.requirement, d.summary) for name, d in DEFECTS.items()}


def _words(*texts: str) -> frozenset[str]:
    return frozenset(WORD.findall(" ".join(texts).lower().replace("_", " ")))


def _citing(cases: Mapping[str, Case], defect: str) -> list[str]:
    wanted = DEFECTS[defect].requirement
    return [key for key, case in cases.items() if wanted in case.cited]


NEAREST = 6  # defects tried before the broad ones
ROUND = 12  # defects an idle case is tried on before the other idle ones get their turn


def _wake(
    runner: SelftestRunner, detections: Iterable[Detection], keys: Collection[str], run: Run
) -> Iterator[Detection]:
    """Try the cases that noticed nothing yet on more and more defects."""
    useful = {one.case for one in detections}
    left = {
        key: candidates(runner, runner.cases[key])
        for key in keys
        if key in runner.home and key not in useful and not runner.cases[key].open
    }
    while any(left.values()):
        tasks: dict[str, list[str]] = {}
        for key, names in left.items():
            for name in names[:ROUND]:
                tasks.setdefault(name, []).append(key)
            del names[:ROUND]
        for one in run(_try, tasks.items(), "idle cases"):
            if left.pop(one.case, None) is not None:
                yield one


def _try(defect: str, keys: Collection[str]) -> list[Detection]:
    """In a process of its own, whose runner is made once."""
    return selftest_runner().detections(defect, keys)
