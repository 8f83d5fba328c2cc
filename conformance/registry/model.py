"""One requirement: a normative statement of a published document, as data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Severity = Literal["fail", "warn", "observe"]
SEVERITIES: tuple[Severity, ...] = ("observe", "warn", "fail")

_APPENDIX = re.compile(r"[A-Z](\.[0-9]+)*")


class Level(StrEnum):
    """How strongly a document demands something (RFC 2119 §1 to §5).

    REQUIRED is filed as MUST, RECOMMENDED as SHOULD, OPTIONAL as MAY.
    """

    MUST = "MUST"
    MUST_NOT = "MUST NOT"
    SHOULD = "SHOULD"
    SHOULD_NOT = "SHOULD NOT"
    MAY = "MAY"

    @property
    def weight(self) -> int:
        """How grave an unmet requirement of this level is: 0 observed, 1 warned of, 2 failed."""
        return SEVERITIES.index(self.severity)

    @property
    def severity(self) -> Severity:
        """What an unmet requirement of this level does to the verdict."""
        return _SEVERITIES[self]


_SEVERITIES: dict[Level, Severity] = {
    Level.MUST: "fail",
    Level.MUST_NOT: "fail",
    Level.SHOULD: "warn",
    Level.SHOULD_NOT: "warn",
    Level.MAY: "observe",
}


def selects(word: str, identifier: str) -> bool:
    """Whether a word is this id or a beginning of it.

    A beginning ends where a part of the id ends: `RFC7636-4.6` selects the rows of section 4.6,
    `RFC7636-4` also those of its subsections, and `RFC7636-4.6-mis` nothing.
    """
    return identifier == word or identifier.startswith((f"{word}-", f"{word}."))


@dataclass(frozen=True, slots=True)
class Requirement:
    """A statement that a server can be held to.

    `id` is prefix, section and slug, as in `RFC7636-4.6-mismatch_invalid_grant`; `source` the
    document as people cite it; `text` one sentence that tells what holds where the requirement is
    met, also where the document words it as a prohibition; `note` what a reader of a verdict must
    know besides: another reading, a missing keyword, whom the document binds. `untestable` says in
    one sentence why nobody can tell from outside whether a server meets it; where it is empty, a
    scenario has to test it.
    """

    id: str
    source: str
    section: str
    level: Level
    text: str
    url: str
    note: str = ""
    untestable: str = ""

    @property
    def severity(self) -> Severity:
        """What an unmet requirement does to the verdict, by its document."""
        return self.level.severity

    @property
    def prefix(self) -> str:
        """The document as ids begin with it, such as `RFC7636`."""
        return self.id.partition("-")[0]

    @property
    def citation(self) -> str:
        """Document and section for people, such as `RFC 7636 §4.6`."""
        if self.section[0].isdigit():
            return f"{self.source} §{self.section}"
        if _APPENDIX.fullmatch(self.section):
            return f"{self.source} Appendix {self.section}"
        return f"{self.source}, {self.section}"
