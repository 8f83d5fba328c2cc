"""Where something was seen: the cases to be played to have those answers again."""

from __future__ import annotations

from collections.abc import Iterable

from tokenspec.conformance.run.premises import is_place
from tokenspec.conformance.run.response_checks import control_source
from tokenspec.conformance.scenario.model import Case


def sources(places: Iterable[str], suite: Iterable[Case]) -> list[Case]:
    """For each place, in order, a case that plays it: as itself, its control or a premise."""
    known = tuple(suite)
    found = (next((case for case in known if _plays(case, place)), None) for place in places)
    return list({case.key: case for case in found if case is not None}.values())


def _plays(case: Case, place: str) -> bool:
    return (
        place == case.key
        or (bool(case.control) and place == control_source(case.scenario))
        or any(is_place(place, premise) for premise in case.premises)
    )
