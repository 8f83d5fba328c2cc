"""Text of others made harmless: it can be shown anywhere and steers nothing."""

from __future__ import annotations

import re

# What steers a terminal (C0 but tab and line feed, C1), turns a line around or hides in it (format
# characters of Unicode), or cannot be written at all (lone surrogates).
STEERING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def harmless(text: str) -> str:
    """`text` with everything that steers replaced by a mark."""
    return STEERING.sub("\N{REPLACEMENT CHARACTER}", text)
