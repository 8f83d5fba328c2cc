"""The scenarios of a run: what was collected, what was selected, what requirements that covers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenspec.conformance.profile import Profile
from tokenspec.conformance.registry import Level, Registry, Requirement
from tokenspec.conformance.scenario.catalogue import BUNDLED
from tokenspec.conformance.scenario.digest import suite_digest
from tokenspec.conformance.scenario.loader import load_folders
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.vocabulary import vocabulary

FOR_CLIENTS = ("Client only.", "Binds the client", "Binds the caller")


@dataclass(frozen=True, slots=True)
class Suite:
    """Every case of the scenario files, and those that were chosen to run."""

    collected: tuple[Case, ...] = ()
    selected: tuple[Case, ...] = ()

    def facts(self, version: str) -> dict[str, Any]:
        """What the header of a record says of the suite."""
        return {
            "version": version,
            "digest": suite_digest(self.collected),
            "variants": len(self.collected),
            "selected": len(self.selected),
        }

    def coverage(self, registry: Registry, profile: Profile) -> list[dict[str, Any]]:
        """Every requirement, at its level under the profile, with its cases or why it has none."""
        chosen = {case.key for case in self.selected}
        cases: dict[str, list[str]] = {}
        for case in self.collected:
            for identifier in case.cited:
                cases.setdefault(identifier, []).append(case.key)
        return [_row(row, profile, cases.get(row.id, []), chosen) for row in registry.all]


def whole_suite(more: Iterable[Path] = ()) -> Iterator[Case]:
    """Every case of the bundled scenarios and of those in further folders.

    Raises:
        UnusableFile: a file of them is wrong.
    """
    for scenario in load_folders([BUNDLED, *more], vocabulary()):
        yield from scenario.cases


def _row(row: Requirement, profile: Profile, cases: list[str], chosen: set[str]) -> dict[str, Any]:
    in_force = profile.effective(row)
    selected = [key for key in cases if key in chosen]
    return {
        "requirement": row.id,
        "citation": row.citation,
        "level": str(in_force.level),
        "level_why": in_force.why,
        "text": row.text,
        "url": row.url,
        "note": row.note,
        "cases": selected,
        "not_selected": [key for key in cases if key not in chosen],
        "reason": "" if selected else _reason(row, in_force.level, tested=bool(cases)),
    }


def _reason(row: Requirement, level: Level, *, tested: bool) -> str:
    if tested:
        return "its cases were not selected in this run"
    if row.note.startswith(FOR_CLIENTS):
        return "binds the client; no server can be held to it"
    if level is not row.level and level is Level.MAY:
        return "not in force under the profile"
    if level is Level.MAY:
        return "leaves the choice to the server; no scenario looks at it"
    return "no scenario tests it"
