"""Causes: what a diagnosis says, as values and as plain data of a record."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """What a cause means, the gravest first."""

    NOW = "exploitable-now"
    WITH_ANOTHER = "exploitable-with-another-fault"
    INTEROPERABILITY = "interoperability"
    ADVICE = "advice"


class Nature(StrEnum):
    """Where a cause comes from."""

    FAULT = "fault"  # one that the dictionary knows
    UNIFORM = "uniform"  # many findings that say the same
    FINDING = "finding"  # findings of one scenario that no known fault explains


@dataclass(frozen=True, slots=True)
class Weight:
    """A severity and why it is that."""

    severity: Severity
    why: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another fault that explains the same findings about as well; how likely, from 0 to 1."""

    id: str
    sentence: str
    likelihood: float


@dataclass(frozen=True, slots=True)
class Cause:
    """One fault, as a reader meets it.

    Attributes:
        id: the name of the fault, or one made of what was seen.
        nature: where it comes from.
        sentence: what is wrong.
        requirement: the id of the requirement; `citation`, `level` and `url` are its own.
        severity: what it means; `severity_why` says why.
        gains: what a client or an attacker gets out of it; empty where no case says.
        shortest: the case that shows it with least.
        cases: all that it explains, the shortest first.
        place: where in the code to look; empty where that cannot be said.
        likelihood: from 0 to 1; None where nothing is compared.
        missed: cases that passed and would show it at the reference server.
        alternatives: the likeliest first.
        further: what would tell it from the first alternative; empty without one.
    """

    id: str
    nature: Nature
    sentence: str
    requirement: str
    citation: str
    level: str
    url: str
    severity: Severity
    severity_why: str
    gains: str
    shortest: str
    cases: tuple[str, ...]
    place: str = ""
    likelihood: float | None = None
    missed: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    further: str = ""

    def line(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self) | {"nature": str(self.nature), "severity": str(self.severity)}
