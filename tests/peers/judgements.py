"""The judgements of docs/findings.md, read back: which verdict was found to be what."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FINDINGS = Path(__file__).parents[2] / "docs" / "findings.md"
HEADING = re.compile(r"## (\S+) [\d.]+")
CASE = re.compile(r"`([^`\s]+/[^`\s]+)`")


@dataclass(frozen=True, slots=True)
class Judgement:
    """One row of a server's table. `pattern` may end in `/*`; `heading` is the section's."""

    product: str
    heading: str
    pattern: str
    verdict: str
    text: str

    def fits(self, key: str) -> bool:
        """Whether it is about the case `key`."""
        return fnmatch.fnmatchcase(key, self.pattern)


def read_judgements(path: Path) -> tuple[Judgement, ...]:
    """Every judgement of the page, a row for each case or pattern it names."""
    found: list[Judgement] = []
    product = heading = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            named = HEADING.fullmatch(line)
            product, heading = (named[1], line[3:]) if named else ("", "")
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if product and line.startswith("| `") and len(cells) == 3:
            verdict, text = cells[1:]
            found += [Judgement(product, heading, p, verdict, text) for p in _patterns(cells[0])]
    return tuple(found)


def judgement(judgements: Iterable[Judgement], product: str, key: str) -> Judgement | None:
    """The judgement of one case at one server; None where it was not judged."""
    ours = (j for j in judgements if j.product == product and j.fits(key))
    return next(ours, None)


def _patterns(cell: str) -> list[str]:
    """The cases a cell names; `…/x` is of the scenario named before it."""
    patterns: list[str] = []
    for named in CASE.findall(cell):
        scenario, _, case = named.partition("/")
        before = patterns[-1].partition("/")[0] if patterns else ""
        patterns.append(f"{before if scenario == '…' else scenario}/{case}")
    return patterns
