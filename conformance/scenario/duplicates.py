"""Scenarios whose id another one has already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tokenspec.conformance.errors import Problem
from tokenspec.conformance.scenario.model import Place, Scenario


def duplicates(scenarios: Iterable[Scenario], seen: dict[str, Place]) -> Iterator[Problem]:
    """A problem for each scenario whose id is taken; a file that is read again takes nothing.

    Args:
        scenarios: of one file or more.
        seen: where each id was met first; added to.
    """
    for scenario in scenarios:
        first = seen.setdefault(scenario.id, scenario.place)
        place = scenario.place
        if first != place:
            message = f"scenario id {scenario.id!r} is used twice"
            yield Problem(place.file, place.line, 1, message, f"first at {first.file}:{first.line}")
