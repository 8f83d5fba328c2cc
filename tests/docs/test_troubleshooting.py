"""What the page quotes of `check` is what `check` says."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import ROOT, text_of

PAGE = "docs/troubleshooting.md"
SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for room in ("preflight", "login")
    for path in sorted((ROOT / "conformance" / room).glob("*.py"))
)


def quotes() -> list[str]:
    """The quoted words of the second column of each table."""
    rows = [line.split("|") for line in text_of(PAGE).splitlines() if line.startswith("| ")]
    return [
        words for row in rows for words in re.findall(r"`([^`]+)`", row[2]) if words.count(" ") > 1
    ]


def test_there_are_quotes() -> None:
    assert len(quotes()) > 8


@pytest.mark.parametrize("words", quotes())
def test_a_quote_stands_in_the_code(words: str) -> None:
    assert words in SOURCES
