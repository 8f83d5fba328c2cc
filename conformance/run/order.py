"""In which order the cases of a run are begun."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tokenspec.conformance.scenario.model import Case, StepKind


def waits(case: Case) -> bool:
    """Whether a play of it lets time pass before one of its requests."""
    return any(step.changes.http and step.changes.http.after for step in case.steps)


def compares_moments(case: Case) -> bool:
    """Whether a server has to tell two requests of one kind apart, which some do by the second."""
    kinds = [step.kind for step in case.steps]
    return len(set(kinds)) < len(kinds) or any(step.raced for step in case.steps)


def takes_long(case: Case) -> bool:
    """Whether it takes longest: it waits, or is a race, which is played again and again."""
    return waits(case) or any(step.raced for step in case.steps)


def ends_others(case: Case) -> bool:
    """Whether a server may end with it what other plays rest on: all that a user has signed in to.

    Servers end every session and every token of a user at a logout.
    """
    return any(step.kind is StepKind.LOGOUT for step in case.steps)


def playing_order(cases: Iterable[Case], jobs: int) -> list[Case]:
    """After a job's first each, so that verdicts come soon, those that take longest.

    Last come those that may end what others rest on. Else the first case of each scenario is moved,
    see `controls_early`.
    """
    ordered = list(controls_early(cases, jobs - 1))
    first, rest = ordered[:jobs], ordered[jobs:]
    return [*first, *sorted(rest, key=lambda case: (ends_others(case), not takes_long(case)))]


def controls_early(cases: Iterable[Case], ahead: int) -> Iterator[Case]:
    """The first case of each scenario `ahead` scenarios before its others; else as they are.

    It plays the control, for which the others would wait and keep further jobs from beginning.
    """
    scenarios: dict[str, list[Case]] = {}
    for case in cases:
        scenarios.setdefault(case.scenario, []).append(case)
    first = [group[0] for group in scenarios.values()]
    yield from first[:ahead]
    for number, group in enumerate(scenarios.values(), start=ahead):
        yield from first[number : number + 1]
        yield from group[1:]
