"""YAML read strictly, with the place of every value kept.

Differences from plain `yaml.safe_load`: duplicate keys, anchors and aliases are refused, only
true/false, null and plain decimal numbers are resolved (so `no`, `12:30` and a date stay text), and
every value knows its line and column, so that a message can point at it.
"""

from __future__ import annotations

import difflib
import errno
import os
import re
import select
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from tokenspec.conformance.errors import Problem, UnusableFile

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None, "": None, "~": None}

PIPE_PATIENCE = 10.0  # seconds that whoever writes to a pipe may take at a time
READ = 64 * 1024  # bytes
LONGEST_NUMBER = 300  # digits; Python reads no more than some thousands, and nobody means them
LONGEST_SHOWN = 80  # characters of a value that a message quotes

NOTHING: Mapping[str, str] = MappingProxyType({})

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Marked:
    """A YAML value and its place (line and column count from 1).

    `value` is a scalar, a tuple of Marked, or a dict from key to Marked.
    """

    value: Scalar | tuple[Marked, ...] | dict[str, Marked]
    line: int
    column: int

    @property
    def plain(self) -> Any:
        """The value as ordinary Python data, marks dropped."""
        if isinstance(self.value, dict):
            return {key: item.plain for key, item in self.value.items()}
        if isinstance(self.value, tuple):
            return [item.plain for item in self.value]
        return self.value


class Reader:
    """Reads one file, gathering its problems so that all can be reported at once.

    Every reading method returns something usable after a problem, so that reading goes on;
    `finish` raises what was gathered.
    """

    def __init__(self, file: str | Path) -> None:
        self.file = str(file)
        self.problems: list[Problem] = []

    def problem(self, at: Marked, message: str, hint: str = "") -> None:
        """Remember a problem at the place of `at`."""
        self.problems.append(Problem(self.file, at.line, at.column, message, hint))

    def finish(self) -> None:
        """Raise UnusableFile if anything was wrong."""
        if self.problems:
            told_once = dict.fromkeys(self.problems)  # a shared key is read for every case
            raise UnusableFile(sorted(told_once, key=lambda p: (p.line, p.column)))

    def documents(self, text: str) -> list[Marked]:
        """The documents of a YAML stream.

        Raises:
            UnusableFile: the text is not YAML at all.
        """
        try:
            nodes = [node for node in yaml.compose_all(text, Loader=_Loader) if node is not None]
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            message = f"not valid YAML: {error.problem or error.context}"
            raise UnusableFile([Problem(self.file, line, column, message)]) from error
        except yaml.YAMLError as error:
            raise UnusableFile([Problem(self.file, 1, 1, f"not valid YAML: {error}")]) from error
        return [self._mark(node, set()) for node in nodes]

    def mapping(
        self,
        at: Marked,
        *,
        allowed: Collection[str] | None = None,
        required: Sequence[str] = (),
        gone: Mapping[str, str] = NOTHING,
    ) -> Mapping[str, Marked]:
        """The keys and values of a mapping; unknown and missing keys are problems.

        `gone` has the hints of keys that there were once.
        """
        if not isinstance(at.value, dict):
            self.problem(at, f"expected a mapping, found {_kind(at)}")
            return {}
        if allowed is not None:
            for key, value in at.value.items():
                if key not in allowed:
                    hint = gone.get(key) or suggest(key, allowed)
                    self.problem(value, f"unknown key {quoted(key)}", hint)
        for key in required:
            if key not in at.value:
                self.problem(at, f"missing key {key!r}")
        return at.value

    def sequence(self, at: Marked) -> tuple[Marked, ...]:
        """The items of a list; a single value is a problem."""
        if isinstance(at.value, tuple):
            return at.value
        self.problem(at, f"expected a list, found {_kind(at)}")
        return ()

    def text(self, at: Marked) -> str:
        """A text; a number, a truth value or a structure is a problem."""
        if isinstance(at.value, str):
            return at.value
        self.problem(at, f"expected text, found {_kind(at)}", "put it in quotes")
        return ""

    def texts(self, at: Marked) -> tuple[str, ...]:
        """One text, or a list of texts."""
        items = at.value if isinstance(at.value, tuple) else (at,)
        return tuple(self.text(item) for item in items)

    def integer(self, at: Marked) -> int:
        """A whole number."""
        if isinstance(at.value, int) and not isinstance(at.value, bool):
            return at.value
        self.problem(at, f"expected a whole number, found {_kind(at)}")
        return 0

    def integers(self, at: Marked) -> tuple[int, ...]:
        """One whole number, or a list of them."""
        items = at.value if isinstance(at.value, tuple) else (at,)
        return tuple(self.integer(item) for item in items)

    def boolean(self, at: Marked) -> bool:
        """A truth value: true or false."""
        if isinstance(at.value, bool):
            return at.value
        self.problem(at, f"expected true or false, found {_kind(at)}")
        return False

    def choice(self, at: Marked, options: Collection[str]) -> str:
        """One of the words in `options`."""
        word = self.text(at)
        if word and word not in options:
            self.problem(
                at, f"{quoted(word)} is not one of: {', '.join(options)}", suggest(word, options)
            )
        return word

    def format_1(self, fields: Mapping[str, Marked]) -> None:
        """Check the `format` key that every file of ours carries."""
        at = fields.get("format")
        if at is not None and (at.value != 1 or isinstance(at.value, bool)):
            self.problem(
                at, f"format {quoted(at.plain)} is not known here", "this release reads format: 1"
            )

    def _mark(self, node: yaml.Node, seen: set[int]) -> Marked:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        if id(node) in seen:
            message = "anchors and aliases are not read"
            self.problems.append(Problem(self.file, line, column, message, "write the value out"))
            return Marked(None, line, column)
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return Marked(self._mapping_value(node, seen), line, column)
        if isinstance(node, yaml.SequenceNode):
            return Marked(tuple(self._mark(item, seen) for item in node.value), line, column)
        return Marked(_resolve(node), line, column)

    def _mapping_value(self, node: yaml.MappingNode, seen: set[int]) -> dict[str, Marked]:
        items: dict[str, Marked] = {}
        for key_node, value_node in node.value:
            key_at = Marked(None, key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            key = sys.intern(str(key_node.value)) if isinstance(key_node, yaml.ScalarNode) else ""
            if not key:
                self.problem(key_at, "a key must be plain text")
            elif key in items:
                self.problem(
                    key_at, f"duplicate key {quoted(key)}", f"first at line {items[key].line}"
                )
            value = self._mark(value_node, seen)
            items.setdefault(key, value)
        return items


def marked(plain: Any) -> Marked:
    """Plain data as if it had been read from a file; for documents that were never one."""
    if isinstance(plain, Mapping):
        return Marked({str(key): marked(value) for key, value in plain.items()}, 1, 1)
    if isinstance(plain, list | tuple):
        return Marked(tuple(marked(item) for item in plain), 1, 1)
    return Marked(plain, 1, 1)


def suggest(word: str, options: Collection[str]) -> str:
    """`did you mean …?` for the option closest to `word`; the whole choice where none is close."""
    close = difflib.get_close_matches(word, list(options), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(options))}"


def quoted(value: object) -> str:
    """A value as a message shows it: in quotes if it is text, and cut."""
    shown = repr(value)
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        UnusableFile: it cannot be read, or is not UTF-8.
    """
    try:
        return _from_pipe(path) if path.is_fifo() else path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UnusableFile([Problem(str(path), 1, 1, f"not UTF-8 text: {error.reason}")]) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise UnusableFile([Problem(str(path), 1, 1, f"cannot be read: {reason}")]) from error


def _from_pipe(path: Path) -> str:
    """What is written to a pipe, such as `<(…)` of a shell; it may be that nobody does."""
    content = b""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as pipe:
        while select.select((pipe,), (), (), PIPE_PATIENCE)[0]:
            piece = pipe.read(READ)
            if not piece:
                return content.decode()
            content += piece
    raise TimeoutError(errno.ETIMEDOUT, f"nobody wrote to this pipe within {PIPE_PATIENCE:g} s")


def _resolve(node: yaml.Node) -> Scalar:
    text = sys.intern(str(node.value))  # the same few words come again all over a suite
    if getattr(node, "style", None):  # quoted or block text; plain is None, or "" in the C parser
        return text
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= LONGEST_NUMBER and _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _kind(at: Marked) -> str:
    match at.value:
        case dict():
            return "a mapping"
        case tuple():
            return "a list"
        case None:
            return "nothing"
        case value:
            return quoted(value)
