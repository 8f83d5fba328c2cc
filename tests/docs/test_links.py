"""Links between pages lead somewhere, headings included; the index knows every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, text_of
from tokenspec.reports.matrix import anchor

LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for link in set(LINK.findall(text_of(page))):
        name, _, heading = link.partition("#")
        if ":" in name:
            continue
        path = (ROOT / page).parent / name if name else ROOT / page
        assert path.exists(), f"{page} links to {link}"
        if heading and path.suffix == ".md":
            assert heading in anchors(path), f"{page} links to {link}"


def anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {anchor(title.replace("`", "")) for title in titles}


def test_the_index_has_every_page() -> None:

    index = text_of("docs/README.md")
    named = set(LINK.findall(index))
    pages = {page.removeprefix("docs/") for page in PAGES if page.startswith("docs/")}
    own = {page for page in pages if page.startswith("upstream/")}  # has an index of its own
    assert pages - own - {"README.md", "ci.md", "scale.md"} <= named
    listed = set(LINK.findall(text_of("docs/upstream/README.md")))
    assert {page.removeprefix("upstream/") for page in own} - {"README.md"} <= listed
