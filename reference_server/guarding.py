"""Guards: the named checks of the server, each citing its requirement.

A guard is a function of one request that raises `OAuthError`; a grant is a tuple of guards in wire
order. The server runs each guard as it stands, unless an alteration has put another check in its
place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tokenspec.reference_server.errors import OAuthError

Check = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Guard:
    """One check of the server."""

    name: str
    requirement: str
    check: Check
    summary: str


GUARDS: dict[str, Guard] = {}


def guard(name: str, requirement: str) -> Callable[[Check], Guard]:
    """Register a function as the guard `name`; its docstring's first line is the summary."""

    def register(check: Check) -> Guard:
        summary = (check.__doc__ or name).strip().splitlines()[0]
        made = Guard(name, requirement, check, summary)
        GUARDS[name] = made
        return made

    return register


class Failed(Exception):  # noqa: N818 - an envelope for the error and the guard that raised it
    """A guard refused: which one, and with what."""

    def __init__(self, by: Guard, error: OAuthError) -> None:
        super().__init__(str(error))
        self.guard = by
        self.error = error


def run(guards: Iterable[Guard], request: Any, replaced: Mapping[str, Check]) -> None:
    """Run the guards in order; `replaced` has the checks that stand in the place of their own.

    Raises:
        Failed: the first refusal.
    """
    for item in guards:
        try:
            replaced.get(item.name, item.check)(request)
        except OAuthError as error:
            raise Failed(item, error) from error
