"""What the answers of a run have shown to a case that looks at every one, kept beside findings.

A run that is taken up again knows from it what was seen before it was cut off.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tokenspec.conformance.profile import Evidence
from tokenspec.conformance.record.evidence import ShownExchange


@dataclass(frozen=True, slots=True)
class Sighting:
    """A problem seen in an answer of some other case; `excuse` where it is documented."""

    case: str
    step: str
    problem: str
    excuse: Evidence | None
    exchanges: tuple[ShownExchange, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class LookedAt:
    """For a case that looks at every answer: how many it spoke of up to now, and what is new."""

    key: str
    looked_at: int
    sighting: Sighting | None = None
