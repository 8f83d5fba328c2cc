"""Guards and behaviours: the named decisions of the server, each citing its requirement.

A guard is a function of one exchange that raises `OAuthError`; a grant is a tuple of guards in wire
order. A behaviour is a named decision that is no refusal, such as a response header. Each can be
taken out by its name, which is a *defect*; a subtle one puts another function in a guard's place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tokenspec.reference_server.errors import OAuthError

Check = Callable[[Any], None]
Alter = Callable[[dict[str, Any], Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Guard:
    """One check of the server."""

    name: str
    requirement: str
    check: Check
    summary: str


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One named decision of the server that is no check."""

    name: str
    requirement: str
    summary: str


@dataclass(frozen=True, slots=True)
class Defect:
    """A way for the server to be wrong: a guard or behaviour taken out, or a guard replaced.

    `alters` names what the server tells (`id_token`, `metadata`, ...) and how it is told wrongly:
    a function of the right content and of what it is about gives the wrong content.
    """

    name: str
    requirement: str
    summary: str
    replaces: Mapping[str, Check]
    alters: Mapping[str, Alter] = field(default_factory=lambda: MappingProxyType({}))


GUARDS: dict[str, Guard] = {}
BEHAVIOURS: dict[str, Behaviour] = {}


def guard(name: str, requirement: str) -> Callable[[Check], Guard]:
    """Register a function as the guard `name`; its docstring's first line is the summary."""

    def register(check: Check) -> Guard:
        summary = (check.__doc__ or name).strip().splitlines()[0]
        made = Guard(name, requirement, check, summary)
        GUARDS[name] = made
        return made

    return register


def behaviour(name: str, requirement: str, summary: str) -> str:
    """Register a behaviour and give back its name."""
    BEHAVIOURS[name] = Behaviour(name, requirement, summary)
    return name


class Failed(Exception):  # noqa: N818 - an envelope for the error and the guard that raised it
    """A guard refused: which one, and with what."""

    def __init__(self, by: Guard, error: OAuthError) -> None:
        super().__init__(str(error))
        self.guard = by
        self.error = error


def run(guards: Iterable[Guard], exchange: Any, defects: Mapping[str, Defect]) -> None:
    """Run the guards in order, less what the defects take out or replace.

    Raises:
        Failed: the first refusal.
    """
    replaced = {name: check for d in defects.values() for name, check in d.replaces.items()}
    for item in guards:
        if item.name in defects and not defects[item.name].replaces:
            continue
        try:
            replaced.get(item.name, item.check)(exchange)
        except OAuthError as error:
            raise Failed(item, error) from error
