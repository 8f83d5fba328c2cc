"""Plays the cases at the defects that they can notice, as far as it is not known what comes of it.

What comes is kept in a file of rows, so that a long run goes on where it ended. A row is one JSON
object a line: `defect`; `played`, the cases; and `cases`, by key what each found that it does not
find at a conforming server: verdict, kind, step, observed, note. The first line has `suite`, the
digests of all cases: rows of another suite are not gone on with.
"""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tokenspec.conformance.diagnosis.dictionary import DIGITS, Dictionary
from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.scenario.digest import case_digest
from tokenspec.conformance.selftest.runner import SelftestRunner
from tokenspec.reference_server.alterations.defects import DEFECTS

Members = tuple[str, str, str, str, str]  # verdict, kind, step, observed, note


@dataclass(frozen=True, slots=True)
class Row:
    """What cases found at a defect: `played` are all of them, `cases` those that found anything."""

    played: frozenset[str]
    cases: Mapping[str, Members]


def digests_of(runner: SelftestRunner) -> dict[str, str]:
    """By case, its digest."""
    return {key: case_digest(case) for key, case in runner.cases.items()}


def unknown_to(known: Dictionary, runner: SelftestRunner) -> dict[str, frozenset[str]]:
    """By defect, the cases it can turn of which `known` does not say what they find there.

    Of a known defect these are the cases that are new or have changed. The cases that look at
    every answer go with them, as they may find something in theirs; where one of those has changed
    itself, all are played.
    """
    changed = {k for k, d in digests_of(runner).items() if known.digests.get(k, "") != d[:DIGITS]}
    looking = {key for key in runner.home if runner.cases[key].every_response}
    new = DEFECTS.keys() - known.rows.keys()
    anew = new if changed.isdisjoint(looking) else DEFECTS.keys()
    reached = _reached_by(runner, runner.home.keys() if anew else runner.home.keys() & changed)
    found = {d: keys if d in anew else keys & changed for d, keys in reached.items()}
    return {
        defect: frozenset(keys | looking)
        for defect, keys in found.items()
        if keys or defect in anew
    }


def _reached_by(runner: SelftestRunner, keys: Collection[str]) -> dict[str, set[str]]:
    """By defect, which of the cases it could turn."""
    found: dict[str, set[str]] = {name: set() for name in DEFECTS}
    for key in keys:
        for defect in runner.reached(key):
            found[defect].add(key)
    return found


def rows(path: Path) -> dict[str, Row]:
    """The rows of a file, by defect; none where there is none. A row that was cut off is left."""
    found = {}
    if path.exists():
        for text in path.read_text(encoding="utf-8").splitlines(keepends=True):
            line = json.loads(text) if text.endswith("\n") else {}
            if "defect" in line:
                cases = {key: tuple(seen) for key, seen in line["cases"].items()}
                found[line["defect"]] = Row(frozenset(line["played"]), cases)
    return found


def make_rows(
    runner: SelftestRunner, path: Path, wanted: Mapping[str, Collection[str]]
) -> Iterator[str]:
    """Add the rows that are missing of `wanted`, and tell of each its defect, in an order by lot.

    Raises:
        UsageError: the file is of another suite.
    """
    suite = digests_of(runner)
    if not path.exists():
        path.write_text(json.dumps({"suite": suite}) + "\n", encoding="utf-8")
    with path.open(encoding="utf-8") as file:
        if json.loads(file.readline() or "{}").get("suite") != suite:
            raise UsageError(f"{path}: its rows are of another suite", "name a new file")
    missing = sorted(wanted.keys() - rows(path).keys())
    random.Random(0).shuffle(missing)  # noqa: S311 - so that some rows tell of all
    with path.open("a", encoding="utf-8") as file:
        for defect in missing:
            played = sorted(wanted[defect])
            found = runner.differing(defect, played)
            line = {"defect": defect, "played": played, "cases": _members(found)}
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
            file.flush()
            yield defect


def _members(found: Mapping[str, Finding]) -> dict[str, Members]:
    return {
        key: (str(one.verdict), str(one.kind), one.step, one.observed, one.note)
        for key, one in found.items()
    }
