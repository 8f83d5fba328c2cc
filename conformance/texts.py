"""Text of others made harmless: it can be shown anywhere and steers nothing."""

from __future__ import annotations

import re

# What steers a terminal (C0 but tab and line feed, C1), turns a line around or hides in it (format
# characters of Unicode), or cannot be written at all (lone surrogates).
STEERING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
MARK = "\N{REPLACEMENT CHARACTER}"
LONGEST = 200  # characters of a value that are quoted
MOST_MARKS = 1 / 4  # of a text; with more of them it is something else, read as if it were text


def harmless(text: str) -> str:
    """`text` with everything that steers replaced by a mark; lines end as they do here."""
    if text.isprintable() and text.isascii():  # as most texts are
        return text
    return STEERING.sub(MARK, text.replace("\r\n", "\n"))


def legible(text: str) -> str:
    """`text` with a mark for each sign that cannot be shown; empty where it is not text at all.

    Bytes of a picture or of a compressed body, decoded as if they were text, are nothing to quote.
    """
    signs = harmless(text)
    shown = "".join(sign if sign.isprintable() or sign.isspace() else MARK for sign in signs)
    return shown if shown.count(MARK) <= len(shown) * MOST_MARKS else ""


def shortened(text: str, most: int = LONGEST) -> str:
    """`text` of so many characters at most; what was cut off is told by an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def differing(shown: object, due: str) -> str:
    """A value beside the text that is due, and what makes the difference where that is small."""
    text = str(shown)
    slips = (
        ("a slash at the end", text.rstrip("/") == due.rstrip("/")),
        ("the case of letters", text.lower() == due.lower()),
        ("a query", text.partition("?")[0] == due),
    )
    slip = next((f", but for {name}" for name, alike in slips if alike), "")
    return f"{text[:LONGEST]!r} in place of {due!r}{slip}"
