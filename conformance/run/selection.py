"""A part of the suite: cases by name, the quick selection, and shards."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from importlib import resources

from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.scenario.catalogue import BUNDLED
from tokenspec.conformance.scenario.model import Case

QUICK_LIST = "quick.txt"  # beside this module
SHARD = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Shard:
    """The part `index` of `count`, counted from 1."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def of(self, cases: Sequence[Case]) -> list[Case]:
        """Its part of `cases`: whole scenarios, so that each control is played once.

        The largest scenario goes to the shard with the least to send so far, by id where they are
        equal, so that every shard of the same suite comes to the same parts. What looks at every
        answer of a run stands in each shard.
        """
        weights: dict[str, int] = {}
        for case in cases:
            if not case.every_response:
                more = len(case.steps)
                weights[case.scenario] = weights.get(case.scenario, 0) + more
        loads = [0] * self.count
        mine = set()
        for scenario in sorted(weights, key=lambda name: (-weights[name], name)):
            least = loads.index(min(loads))
            loads[least] += weights[scenario]
            if least == self.index - 1:
                mine.add(scenario)
        return [case for case in cases if case.every_response or case.scenario in mine]


def read_shard(text: str) -> Shard:
    """The shard of an option `i/n`.

    Raises:
        UsageError: it is none.
    """
    found = SHARD.fullmatch(text)
    shard = Shard(int(found.group(1)), int(found.group(2))) if found else Shard(1, 0)
    if shard.index > shard.count:
        raise UsageError(f"--shard {text}: not a part of a whole", "such as --shard 2/3")
    return shard


def quick_list() -> frozenset[str]:
    """The keys of the quick selection, made by `tokenspec.conformance.selftest.quick`."""
    return frozenset(quick_reasons())


def quick_reasons() -> dict[str, tuple[str, ...]]:
    """The same with the defects each is there for, which no case before it notices."""
    text = (resources.files(__package__) / QUICK_LIST).read_text(encoding="utf-8")
    lines = (line.partition("#") for line in text.splitlines())
    return {key.strip(): tuple(why.split()) for key, _, why in lines if key.strip()}


def quick(
    cases: Iterable[Case], listed: Collection[str], applies: Callable[[Case], bool]
) -> list[Case]:
    """The cases of the quick selection, and every case of a file that is not the suite's own.

    Args:
        cases: in the order of their files, where the plainest case comes first.
        listed: their keys. One that does not apply has the first in its place that does and tests
            the same requirement, where there is one.
        applies: whether the target can be held to the case, as far as that is known.
    """
    ordered = list(cases)
    fit: dict[str, str] = {}
    for case in ordered:
        if applies(case):
            fit.setdefault(case.requirement, case.key)
    kept = {
        case.key if applies(case) else fit.get(case.requirement, case.key)
        for case in ordered
        if case.key in listed
    }
    return [case for case in ordered if case.key in kept or not of_the_suite(case)]


def of_the_suite(case: Case) -> bool:
    """Whether the case stands in a bundled file."""
    return case.place.file.startswith(f"{BUNDLED.name}/")


def selected(case: Case, wanted: Iterable[str]) -> bool:
    """Whether one of these words names the case, its scenario, area, tag or requirement."""
    names = {case.key, case.scenario, case.area, *case.tags}
    requirement = f"{case.requirement}-"
    return any(word in names or requirement.startswith((f"{word}-", f"{word}.")) for word in wanted)


def unmatched(words: Iterable[str], cases: Sequence[Case]) -> list[str]:
    """What to say of each word that selects nothing."""
    return [
        f"--select {word}: nothing is called that; {_closest(word, cases)}"
        for word in words
        if not any(selected(case, (word,)) for case in cases)
    ]


def _closest(word: str, cases: Iterable[Case]) -> str:
    names = {n for case in cases for n in (case.key, case.scenario, case.area, case.requirement)}
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else "see: tokenspec list"
