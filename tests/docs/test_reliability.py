"""Every row of the table of faults names a test that there is, and an exit code."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import ROOT
from tokenspec.conformance.record.conclusion import ExitCode

CELLS = 5
PAGE = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("|") and not line.startswith(("| fault", "|---"))
]


@pytest.mark.parametrize("row", ROWS, ids=range(len(ROWS)))
def test_a_row_is_held_by_the_test_it_names(row: list[str]) -> None:
    assert len(row) == CELLS
    *_, code, test = row
    assert code == "–" or {int(one) for one in code.split(", ")} <= set(map(int, ExitCode))
    path, _, name = test.strip("`").partition("::")
    source = (ROOT / path).read_text(encoding="utf-8")
    assert re.search(rf"^def {name}\(", source, re.MULTILINE), name


def test_no_fault_stands_there_twice() -> None:
    faults = [tuple(row[:3]) for row in ROWS]
    assert len(set(faults)) == len(faults)
