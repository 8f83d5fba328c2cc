"""In which order the cases of a run are begun."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.scenario.model import Variant


def twins_early(variants: Iterable[Variant], ahead: int) -> Iterator[Variant]:
    """The first case of each scenario `ahead` scenarios before its others; else as they are.

    It plays the valid twin, for which the others would wait and keep further jobs from beginning.
    """
    scenarios: dict[str, list[Variant]] = {}
    for variant in variants:
        scenarios.setdefault(variant.scenario, []).append(variant)
    first = [group[0] for group in scenarios.values()]
    yield from first[:ahead]
    for number, group in enumerate(scenarios.values(), start=ahead):
        yield from first[number : number + 1]
        yield from group[1:]
