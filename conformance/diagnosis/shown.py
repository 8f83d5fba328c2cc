"""What a case shows when it does not pass: the part of a finding that two servers can share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Line = Mapping[str, Any]
BROKEN = ("fail", "warn", "waived", "stale-waiver")  # what a cause is looked for
ADDED = ("observe", "could-not-run")  # what a cause may explain as well
GRANTED = ("accepted", "leak")
SAME, SAME_KIND, ANOTHER = 2, 1, 0

_PLACES = re.compile(r" \((?:[^()]|\([^()]*\))*\)")  # where an answer was seen to have it
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|‹[^›]*›")
_NUMBER = re.compile(r"\d{4,}|-\d+$")
_REDIRECT = re.compile(r"status 30[1-8]")  # which one, servers choose freely
_LOOKED_AT = re.compile(r"^\d+ answers? of the run")  # such a note says nothing else
_WITH = re.compile(r"(, |: )with .*")


@dataclass(frozen=True, slots=True)
class Shown:
    """How a case ended: its verdict and kind, and what was seen, without what differs by chance."""

    verdict: str
    kind: str
    seen: str

    def likeness(self, other: Shown) -> int:
        """How much two have in common; verdicts differ by profile and are not compared."""
        if self.kind != other.kind or self.left_open is not other.left_open:
            return ANOTHER
        return SAME if self.seen == other.seen else SAME_KIND

    def contradicts(self, other: Shown) -> bool:
        """Whether one is a grant, or its leak, and the other a refusal: no fault shows both."""
        return self.denied_by(other) or other.denied_by(self)

    def denied_by(self, other: Shown) -> bool:
        """Whether this is a grant, or its leak, and the other a refusal: it cannot be this."""
        return self.kind in GRANTED and other.kind == "wrong-error"

    @property
    def broken(self) -> bool:
        """Whether something is wrong."""
        return self.verdict in BROKEN

    @property
    def left_open(self) -> bool:
        """Whether the case could not run."""
        return self.verdict == "could-not-run"


def shown(verdict: str, kind: str, observed: str, note: str) -> Shown:
    """What the members of a finding show."""
    if verdict == "could-not-run":
        return Shown(verdict, "", "")
    of_form = kind == "wrong-envelope" and note and not _LOOKED_AT.search(note)
    told = note if of_form or not kind else observed
    told = _REDIRECT.sub("status 30x", _WITH.sub("", _PLACES.sub("", told)))
    return Shown(verdict, kind, _NUMBER.sub("#", _QUOTED.sub("…", told))[:120])


def shown_in(line: Line) -> Shown:
    """What a finding of a record shows, before a waiver excused it."""
    verdict = str(line.get("judged") or line["verdict"])
    return shown(verdict, line["kind"], line["observed"], line["note"])


def told(findings: Iterable[Line]) -> dict[str, Line]:
    """The findings that something is said in, by their cases."""
    silent = ("not-applicable", "unsteady", "deviation")
    return {line["key"]: line for line in findings if line["verdict"] not in silent}
