"""The table of flawed versions is whole, and its verdict on itself is right; no peer is started."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.peers import flawed
from tests.peers.flawed import Flawed, cases_of, compared, read_flawed
from tests.peers.launch import versions
from tests.peers.recipes import RECIPES
from tokenspec.conformance.registry.advisories import published_advisories

ROW = Flawed("authlib", "1.6.9", ("CVE-2025-4143",))
(KEY,) = cases_of("CVE-2025-4143")


def test_each_row_names_versions_and_advisories_that_are_there() -> None:
    published = {advisory.id for advisory in published_advisories()}
    for row in read_flawed():
        assert {row.flawed, *([row.fixed] if row.fixed else [])} <= set(versions(row.peer))
        assert not row.setting or row.setting in RECIPES[row.peer].settings
        assert set(row.flaws) <= published
        assert all(cases_of(flaw) for flaw in row.flaws)


@pytest.mark.parametrize(
    ("before", "after", "well"),
    [("fail", "pass", True), ("pass", "pass", False), ("fail", "fail", False)],
)
def test_a_flaw_is_red_where_it_is_and_nowhere_else(
    before: str, after: str, *, well: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verdicts(_row: Flawed, version: str | None) -> Mapping[str, str]:
        return {KEY: before if version == ROW.flawed else after}

    monkeypatch.setattr(flawed, "verdicts", verdicts)
    ((line, told),) = compared(ROW)
    assert told is well
    assert f"{before} | {after}" in line
