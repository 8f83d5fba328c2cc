"""Seams: the named places where the server decides what it tells, or reads what it was told.

At a seam a small pure function has made a value (a token response, the claims of an ID token, the
parameters of a request); the value passes `Core.tell` on its way. The server as it stands changes
nothing there. An alteration (`reference_server/alterations/`) puts a function at a seam: it is
given the right value and what that value is about, and gives another.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

Value = TypeVar("Value")
About = TypeVar("About")
Alter = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Seam(Generic[Value, About]):
    """A seam: its name, and one sentence on the value that passes it."""

    name: str
    summary: str


SEAMS: dict[str, Seam[Any, Any]] = {}


def seam(name: str, summary: str) -> Seam[Any, Any]:
    """Register a seam; whoever declares it says of which types its value and its subject are."""
    made: Seam[Any, Any] = Seam(name, summary)
    SEAMS[name] = made
    return made


class Seams:
    """What stands at each seam: functions of the right value and of what it is about.

    Raises:
        ValueError: a seam is not known.
    """

    __slots__ = ("_altering",)

    def __init__(self, alterations: Iterable[Mapping[str, Alter]] = ()) -> None:
        self._altering: dict[str, tuple[Alter, ...]] = {}
        for tells in alterations:
            for name, alter in tells.items():
                if name not in SEAMS:
                    close = difflib.get_close_matches(name, SEAMS, n=1)
                    hint = f", did you mean {close[0]!r}?" if close else ""
                    raise ValueError(f"unknown seam: {name}{hint}")
                self._altering[name] = (*self._altering.get(name, ()), alter)

    def tell(self, at: Seam[Value, About], value: Value, about: About) -> Value:
        """The value as it is told: as it was made, unless something stands at the seam."""
        for alter in self._altering.get(at.name, ()):
            value = cast("Value", alter(value, about))
        return value
