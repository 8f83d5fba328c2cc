"""A record as renderers see it: plain lines, read tolerantly, so that old records stay readable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tokenspec.reports.again import run_again

__all__ = ["Line", "Record", "Source"]

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """The lines of one run, or of several shards of one run put together.

    A line is a mapping with the members that `docs/reference/formats.md` lists; one that is missing
    in an older record is simply not there.

    Attributes:
        header: what was tested, by whom, with what, when.
        findings: one line for each case, by file and place of their scenarios.
        footer: how the run ended; None: the run was cut off.
        requirements: every row of the registry with the cases that test it, or the reason why none
            does.
        faults: what went wrong in the harness itself.
        missing_shards: the parts of the run that are not here, such as `2/3`.
        looks: what the answers have shown to cases that look at every one, as it came.
        causes: what explains the findings, the gravest first; empty where nothing is broken.
    """

    header: Line
    findings: tuple[Line, ...]
    footer: Line | None
    requirements: tuple[Line, ...] = ()
    faults: tuple[Line, ...] = ()
    missing_shards: tuple[str, ...] = ()
    looks: tuple[Line, ...] = ()
    causes: tuple[Line, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the run came to its end and every part of it is here."""
        ended = self.footer.get("ended", "complete") if self.footer is not None else "cut off"
        return ended == "complete" and not self.missing_shards

    @property
    def at_once(self) -> tuple[int, ...]:
        """How many cases were played at once, from the first number to the last; empty: unknown."""
        return tuple(self.footer.get("at_once", ())) if self.footer is not None else ()

    @property
    def waiver_problems(self) -> tuple[Line, ...]:
        """Waivers that are not true any more: expired, unused or stale."""
        return tuple(self.footer.get("waivers", ())) if self.footer is not None else ()

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Keys of cases that were selected and have no finding."""
        known = {line["key"] for line in (*self.findings, *self.faults) if "key" in line}
        selected = (key for row in self.requirements for key in row.get("cases", ()))
        return tuple(key for key in dict.fromkeys(selected) if key not in known)

    @property
    def product(self) -> str:
        """What was tested, as people call it: vendor, name and version, else the issuer."""
        target = self.header.get("target", {})
        parts = [target.get(name) for name in ("vendor", "name", "version")]
        return " ".join(part for part in parts if part) or str(target.get("issuer", "unknown"))

    @property
    def profile(self) -> str:
        """The profile's name, with its version or date where it has one."""
        profile = self.header.get("profile", "")
        if isinstance(profile, str):
            return profile
        parts = (profile.get("name"), profile.get("version"), profile.get("date"))
        return " ".join(str(part) for part in parts if part)

    @property
    def fail_on(self) -> str:
        """What made the run fail: `must`, `should` or `never`."""
        return str(self.header.get("settings", {}).get("fail_on") or "must")

    @property
    def command(self) -> str:
        """What runs the suite against the same target again."""
        return run_again(self.header)

    @property
    def again(self) -> str:
        """What runs a case again, on any machine that has the target file; its key follows."""
        return f"{self.command} --select"


@dataclass(frozen=True, slots=True)
class Source:
    """A file that reports were made from."""

    name: str  # as the reader of a report knows it
    digest: str  # its SHA-256 in hexadecimal
