"""docs/peers.md says of each peer what the test of first runs does there."""

from __future__ import annotations

import pytest
import yaml

from tests.docs.pages import text_of
from tests.peers.recipes import RECIPES
from tests.peers.test_peers import FIRST_RUN


@pytest.mark.parametrize("name", FIRST_RUN)
def test_the_page_has_the_steps_of_the_test(name: str) -> None:
    flags, edits = FIRST_RUN[name]
    row = next(
        line
        for line in text_of("docs/peers.md").splitlines()
        if line.startswith(f"| {RECIPES[name].product} |")
    )
    _, _, more, lines, _, seconds, _ = row.split("|")
    shown = " ".join(f'"{word}"' if " " in word else word for word in flags)
    assert more.strip().strip("`") == shown.replace("{issuer}", "ISSUER")
    assert (yaml.safe_load(lines.strip().strip("`") or "{}") or {}) == edits
    assert len(seconds.split(",")) == 3
