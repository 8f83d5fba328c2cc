"""In which order the cases of a run are begun."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.scenario.model import Variant


def waits(variant: Variant) -> bool:
    """Whether a play of it lets time pass before one of its requests."""
    return any(step.changes.http and step.changes.http.after for step in variant.steps)


def takes_long(variant: Variant) -> bool:
    """Whether it takes longest: it waits, or is a race, which is played again and again."""
    return waits(variant) or any(step.raced for step in variant.steps)


def playing_order(variants: Iterable[Variant], jobs: int) -> list[Variant]:
    """After a job's first each, so that verdicts come soon, those that take longest.

    Else the first case of each scenario is moved, see `twins_early`.
    """
    ordered = list(twins_early(variants, jobs - 1))
    return [*ordered[:jobs], *sorted(ordered[jobs:], key=lambda variant: not takes_long(variant))]


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
