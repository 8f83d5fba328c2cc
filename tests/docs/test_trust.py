"""The faults that the page on trust names are what the tables say of them."""

from __future__ import annotations

import re
from pathlib import Path

from tokenspec.conformance.registry import Registry
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.reference_server.alterations.defects import DEFECTS

PAGE = Path(__file__).parents[2] / "docs" / "trust.md"
ROW = re.compile(
    r"^\| .+ \| `([a-z0-9_.]+)` \| `([a-z0-9-]+/[a-z0-9-]+)` \| ([A-Z ]+) \|$", re.MULTILINE
)


def test_each_fault_has_a_case_that_cites_what_it_breaks_at_its_level() -> None:
    cases, registry = {case.key: case for case in whole_suite()}, Registry.load()
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len(rows) > 30, "the table was not found"
    for defect, key, level in rows:
        broken = DEFECTS[defect].requirement
        assert broken in cases[key].cited, (defect, key)
        assert registry.get(broken).level == level, (defect, level)
