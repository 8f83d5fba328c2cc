"""Defects by cases: which case notices which defect, worked out on every core."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass

from conformance.scenario.model import Variant
from conformance.triangle.workshop import Kill, Workshop, workshop
from reference_server.defects import DEFECTS

Progress = Callable[[str, int, int], None]
Run = Callable[[Iterable[tuple[str, Collection[str]]], str], list[Kill]]


@dataclass(frozen=True, slots=True)
class Matrix:
    """What notices what. Not `full`: each defect and case was tried until one kill was found."""

    kills: tuple[Kill, ...]
    full: bool

    def killers(self, defect: str) -> tuple[str, ...]:
        """The cases known to notice a defect."""
        return tuple(kill.variant for kill in self.kills if kill.defect == defect)

    @property
    def useful(self) -> frozenset[str]:
        """The cases known to notice something."""
        return frozenset(kill.variant for kill in self.kills)


def make_matrix(
    shop: Workshop,
    defects: Collection[str],
    keys: Collection[str],
    *,
    full: bool = False,
    jobs: int | None = None,
    progress: Progress = lambda _what, _done, _all: None,
) -> Matrix:
    """Try `defects` on the cases of `shop`, and the cases `keys` on all defects.

    First each defect on the cases that cite its requirement, then what was noticed by none of them
    on all others, then each idle case on the defects nearest to it. `full` tries everything.
    """
    everything = tuple(shop.home)
    with _pool(jobs or os.cpu_count() or 1, progress) as run:
        if full:
            return Matrix(tuple(run([(d, everything) for d in defects], "defects")), full=True)
        citing = {defect: _citing(shop.variants, defect) for defect in defects}
        kills = run(citing.items(), "defects by their own cases")
        caught = {kill.defect for kill in kills}
        rest = [(d, [k for k in everything if k not in citing[d]]) for d in defects]
        kills += run([r for r in rest if r[0] not in caught], "defects by all cases")
        kills += _wake(shop, kills, keys, run)
    return Matrix(tuple(kills), full=False)


def candidates(shop: Workshop, variant: Variant) -> list[str]:
    """The defects a case may notice, nearest first: what the oracle refused by, then by id."""
    section = variant.requirement.rsplit("-", 1)[0] + "-"
    said = shop.good[variant.key].oracle
    near = {name: defect.requirement for name, defect in DEFECTS.items()}
    ranks: tuple[Callable[[str], bool], ...] = (
        lambda name: f"({name}," in said,
        lambda name: near[name] in variant.cited,
        lambda name: near[name].startswith(section),
        lambda name: name.partition(".")[0] in said,
    )
    return sorted(near, key=lambda name: next((i for i, r in enumerate(ranks) if r(name)), 9))


def _citing(variants: Mapping[str, Variant], defect: str) -> list[str]:
    wanted = DEFECTS[defect].requirement
    return [key for key, variant in variants.items() if wanted in variant.cited]


ROUND = 12  # defects an idle case is tried on before the other idle ones get their turn


def _wake(shop: Workshop, kills: Iterable[Kill], keys: Collection[str], run: Run) -> Iterator[Kill]:
    """Try the cases that noticed nothing yet on more and more defects."""
    useful = {kill.variant for kill in kills}
    left = {
        key: candidates(shop, shop.variants[key])
        for key in keys
        if key in shop.home and key not in useful and not shop.variants[key].open
    }
    while any(left.values()):
        tasks: dict[str, list[str]] = {}
        for key, names in left.items():
            for name in names[:ROUND]:
                tasks.setdefault(name, []).append(key)
            del names[:ROUND]
        for kill in run(tasks.items(), "idle cases"):
            if left.pop(kill.variant, None) is not None:
                yield kill


def _try(defect: str, keys: Collection[str]) -> list[Kill]:
    """In a process of its own, whose workshop is made once."""
    return workshop().kills(defect, keys)


@contextmanager
def _pool(jobs: int, progress: Progress) -> Iterator[Run]:
    with ProcessPoolExecutor(jobs) as pool:

        def run(tasks: Iterable[tuple[str, Collection[str]]], what: str) -> list[Kill]:
            futures = [pool.submit(_try, defect, keys) for defect, keys in tasks if keys]
            kills = []
            for done, future in enumerate(as_completed(futures), start=1):
                kills += future.result()
                progress(what, done, len(futures))
            return sorted(kills, key=lambda kill: (kill.defect, kill.variant))

        yield run
