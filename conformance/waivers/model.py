"""What a waiver file says, as frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tokenspec.conformance.scenario.model import Place


@dataclass(frozen=True, slots=True)
class Waiver:
    """One known failure. It is in force up to and including the day `expires`, in UTC.

    `id` names a scenario (all its cases) or a case (`scenario/case`). With a `kind` only
    that way of failing is excused; a worse one, and any other, is still a failure.
    """

    id: str
    reason: str
    owner: str
    expires: date
    place: Place
    kind: str = ""
    link: str = ""

    def covers(self, key: str) -> bool:
        """Whether the case of this key is meant."""
        return self.id in (key, key.partition("/")[0])

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return today > self.expires

    @property
    def where(self) -> str:
        """`file:line`."""
        return f"{self.place.file}:{self.place.line}"

    def line(self) -> dict[str, Any]:
        """The waiver as plain data, as records hold it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "reason": self.reason,
            "owner": self.owner,
            "link": self.link,
            "expires": self.expires.isoformat(),
            "file": self.place.file,
            "line": self.place.line,
        }


@dataclass(frozen=True, slots=True)
class Waivers:
    """The waivers of one file; no two of them cover the same case."""

    file: str = ""
    entries: tuple[Waiver, ...] = ()

    def of(self, key: str) -> Waiver | None:
        """The waiver that covers a case, in force or not."""
        return next((waiver for waiver in self.entries if waiver.covers(key)), None)

    def matching(self, keys: Iterable[str]) -> Mapping[str, int]:
        """How many of `keys` each waiver covers, by its id."""
        known = tuple(keys)
        return {w.id: sum(w.covers(key) for key in known) for w in self.entries}
