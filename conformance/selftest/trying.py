"""Every case at every defect that it can notice: the rows of the fault dictionary.

A row is one JSON object a line: `defect`, and `cases`, by key what each found that it does not find
at a conforming server: verdict, kind, step, observed, note. Rows that are there are not made again.
The first line has `suite`, the digests of all cases: rows of another suite are not gone on with.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.scenario.digest import case_digest
from tokenspec.conformance.selftest.runner import SelftestRunner
from tokenspec.reference_server.alterations.defects import DEFECTS

Row = tuple[str, str, str, str, str]  # verdict, kind, step, observed, note


def reached_by(runner: SelftestRunner) -> Mapping[str, frozenset[str]]:
    """By defect, the cases that it could turn; those that look at every answer could be any."""
    found: dict[str, set[str]] = {name: set() for name in DEFECTS}
    for key in runner.home:
        for defect in runner.reached(key):
            found[defect].add(key)
    everywhere = {key for key in runner.home if runner.cases[key].every_response}
    return {defect: frozenset(keys | everywhere) for defect, keys in found.items()}


def rows(path: Path) -> dict[str, dict[str, Row]]:
    """The rows of a file, by defect; none where there is none. A row that was cut off is left."""
    found = {}
    if path.exists():
        for text in path.read_text(encoding="utf-8").splitlines(keepends=True):
            if text.endswith("\n"):
                line = json.loads(text)
                if "defect" in line:
                    row = {key: tuple(seen) for key, seen in line["cases"].items()}
                    found[line["defect"]] = row
    return found


def suite_of(path: Path) -> dict[str, str]:
    """The digests of the cases that the rows of a file are of; empty where there is none."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8") as file:
        found: dict[str, str] = json.loads(file.readline() or "{}").get("suite", {})
    return found


def make_rows(runner: SelftestRunner, path: Path, defects: Iterable[str]) -> Iterator[str]:
    """Add the rows that are missing, and tell of each its defect; in an order by lot.

    Raises:
        UsageError: the file is of another suite.
    """
    suite = {key: case_digest(case) for key, case in runner.cases.items()}
    if not path.exists():
        path.write_text(json.dumps({"suite": suite}) + "\n", encoding="utf-8")
    if suite_of(path) != suite:
        raise UsageError(f"{path}: its rows are of another suite", "name a new file")
    known = rows(path)
    missing = [name for name in defects if name not in known]
    random.Random(0).shuffle(missing)  # noqa: S311 - so that some rows tell of all
    reached = reached_by(runner) if missing else {}
    with path.open("a", encoding="utf-8") as file:
        for defect in missing:
            keys = [key for key in runner.home if key in reached[defect]]
            found = runner.differing(defect, keys)
            line: dict[str, Any] = {"defect": defect, "played": len(keys)}
            line["cases"] = {key: _row(finding) for key, finding in found.items()}
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
            file.flush()
            yield defect


def _row(finding: Finding) -> Row:
    return (
        str(finding.verdict),
        str(finding.kind),
        finding.step,
        finding.observed,
        finding.note,
    )
