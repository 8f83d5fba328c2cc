"""The run page as pytest-html keeps it."""

from __future__ import annotations

import html
import json
import re
from typing import Any


def rows_of(page: str) -> list[dict[str, Any]]:
    """What the page says of each case."""
    found = re.search(r'data-jsonblob="([^"]*)"', page)
    assert found
    tests = json.loads(html.unescape(found.group(1)))["tests"]
    return [row for rows in tests.values() for row in rows]


def texts_of(page: str) -> list[str]:
    """Everything that the rows of the page show, as markup."""
    return [
        text
        for row in rows_of(page)
        for text in (
            *(str(extra["content"]) for extra in row["extras"]),
            str(row["log"]),
            *map(str, row["resultsTableRow"]),
        )
    ]
