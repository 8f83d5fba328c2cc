"""A part of the suite: the quick selection, and shards that together are the whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from conformance.errors import UsageError
from conformance.scenario.model import Variant

SHARD = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Shard:
    """The part `index` of `count`, counted from 1."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def of(self, variants: Sequence[Variant]) -> list[Variant]:
        """Its part of `variants`: whole scenarios, so that each valid twin is played once.

        The largest scenario goes to the shard with the least to send so far, by id where they are
        equal, so that every shard of the same suite comes to the same parts. What looks at every
        answer of a run stands in each shard.
        """
        weights: dict[str, int] = {}
        for variant in variants:
            if not variant.every_response:
                more = len(variant.steps)
                weights[variant.scenario] = weights.get(variant.scenario, 0) + more
        loads = [0] * self.count
        mine = set()
        for scenario in sorted(weights, key=lambda name: (-weights[name], name)):
            least = loads.index(min(loads))
            loads[least] += weights[scenario]
            if least == self.index - 1:
                mine.add(scenario)
        return [v for v in variants if v.every_response or v.scenario in mine]


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


def quick(
    variants: Iterable[Variant],
    binding: Callable[[Variant], bool],
    applies: Callable[[Variant], bool],
) -> list[Variant]:
    """One variant for each requirement that binds: the first that applies, else the first.

    Args:
        variants: in the order of their files, where the plainest case comes first.
        binding: whether the variant tests a MUST.
        applies: whether the target can be held to the variant, as far as that is known.
    """
    ordered = list(variants)
    chosen: dict[str, Variant] = {}
    for variant in ordered:
        if not binding(variant):
            continue
        known = chosen.get(variant.requirement)
        if known is None or (applies(variant) and not applies(known)):
            chosen[variant.requirement] = variant
    kept = {variant.key for variant in chosen.values()}
    return [variant for variant in ordered if variant.key in kept]
