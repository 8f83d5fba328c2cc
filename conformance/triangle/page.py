"""`docs/requirements.md`: every requirement with its cases, defects and what profiles say of it.

`python -m conformance.triangle.page` writes it; a test holds the file against the tables.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from conformance.plugin.options import BUNDLED
from conformance.profile.wording import standing
from conformance.registry import Registry
from conformance.registry.model import Requirement
from conformance.scenario.loader import load_folders
from conformance.scenario.model import Variant
from conformance.triangle.holes import coverage
from conformance.vocabulary import vocabulary
from reference_server.defects import DEFECTS

PAGE = Path(__file__).parents[2] / "docs" / "requirements.md"
HEAD = """\
# Requirements

Every statement the suite knows, with the cases that test it and the defects of the reference
server that break it. Written by `python -m conformance.triangle.page`; `tokenspec explain ID` tells
more of each. A row without cases says why nobody can tell from outside whether a server meets it.
"""


def text() -> str:
    """The page."""
    variants = [v for scenario in load_folders([BUNDLED], vocabulary()) for v in scenario.variants]
    return "\n".join(_lines(Registry.load(), variants)) + "\n"


def _lines(registry: Registry, variants: Collection[Variant]) -> Iterator[str]:
    yield HEAD
    yield "| weight | rows | with a case | untestable |"
    yield "|---|---|---|---|"
    for row in coverage(registry, variants):
        yield f"| {row.weight} | {row.rows} | {row.tested} | {row.untestable} |"
    source = ""
    for requirement in registry.all:
        if requirement.source != source:
            source = requirement.source
            yield f"\n## {source}\n"
            yield "| requirement | level | demands | profiles | cases | defects |"
            yield "|---|---|---|---|---|---|"
        yield _row(requirement, variants)


def _row(row: Requirement, variants: Collection[Variant]) -> str:
    cases = [f"`{variant.key}`" for variant in variants if row.id in variant.cited]
    defects = [f"`{name}`" for name, defect in DEFECTS.items() if defect.requirement == row.id]
    tested = ", ".join(cases) or (f"*untestable:* {row.untestable}" if row.untestable else "none")
    cells = (
        f"[{row.id}]({row.url})",
        str(row.level),
        row.text,
        standing(row),
        tested,
        ", ".join(defects),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
