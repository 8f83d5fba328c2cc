"""The pages people read, taken apart: their fenced blocks, inline commands and links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = tuple(
    sorted(
        str(path.relative_to(ROOT))
        for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "tests/peers/README.md")
    )
)
FENCE = re.compile(r"^ *```(\w*) *$")
DIRECTIVE = re.compile(r"^ *<!-- (not run|exit|file|server): (.+) -->$")
COMMAND = re.compile(r"^ *(\$ |tokenspec |pytest |python3? |pip |bash |curl |git |npm )")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `line` is that of its fence, `directives` stand in comments above it."""

    page: str
    line: int
    language: str
    directives: Mapping[str, str]
    lines: tuple[str, ...]

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.page}:{self.line}"


def text_of(page: str) -> str:
    """The text of a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page."""
    directives: dict[str, str] = {}
    inside: list[str] | None = None
    opening, language = 0, ""
    for number, line in enumerate(text_of(page).splitlines(), 1):
        fence = FENCE.match(line)
        if inside is not None and fence:
            yield Block(page, opening, language, directives, tuple(inside))
            inside, directives = None, {}
        elif inside is not None:
            inside.append(line)
        elif fence:
            inside, opening, language = [], number, fence[1]
        elif told := DIRECTIVE.match(line):
            directives[told[1]] = told[2]
        elif line.strip():
            directives = {}


def inline_commands(page: str) -> Iterator[str]:
    """Whole commands within a sentence; those with an ellipsis are parts of one."""
    prose = re.sub(r"^ *```.*?^ *```", "", text_of(page), flags=re.DOTALL | re.MULTILINE)
    for code in re.findall(r"`(tokenspec [^`]+)`", prose):
        command = " ".join(code.split())
        if "…" not in command:
            yield command
