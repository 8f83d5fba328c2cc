"""`docs/requirements.md`: every requirement with its cases, defects and what profiles say of it.

`python -m tokenspec.conformance.selftest.page` writes it; a test holds the file against the tables.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from tokenspec.conformance.profile.wording import level_by_profile
from tokenspec.conformance.registry import Registry
from tokenspec.conformance.registry.model import Requirement
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.selftest.gaps import coverage
from tokenspec.reference_server.alterations.defects import DEFECTS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "requirements.md"
HEAD = """\
# Requirements

Every statement the suite knows, with the cases that test it and the defects of the reference
server that break it. Written by `python -m tokenspec.conformance.selftest.page`; `tokenspec explain
ID` tells more of each. A row without cases says why nobody can tell from outside whether a server
meets it.
"""


def text() -> str:
    """The page."""
    cases = list(whole_suite())
    return "\n".join(_lines(Registry.load(), cases)) + "\n"


def _lines(registry: Registry, cases: Collection[Case]) -> Iterator[str]:
    yield HEAD
    yield "| weight | rows | with a case | untestable |"
    yield "|---|---|---|---|"
    for row in coverage(registry, cases):
        yield f"| {row.weight} | {row.rows} | {row.tested} | {row.untestable} |"
    source = ""
    for requirement in registry.all:
        if requirement.source != source:
            source = requirement.source
            yield f"\n## {source}\n"
            yield "| requirement | level | demands | profiles | cases | defects |"
            yield "|---|---|---|---|---|---|"
        yield _row(requirement, cases)


def _row(row: Requirement, cases: Collection[Case]) -> str:
    citing = [f"`{case.key}`" for case in cases if row.id in case.cited]
    defects = [f"`{name}`" for name, defect in DEFECTS.items() if defect.requirement == row.id]
    tested = ", ".join(citing) or (f"*untestable:* {row.untestable}" if row.untestable else "none")
    cells = (
        f"[{row.id}]({row.url})",
        str(row.level),
        row.text,
        level_by_profile(row),
        tested,
        ", ".join(defects),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
