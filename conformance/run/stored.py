"""Findings whose evidence stays in the record's file until it is asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance.errors import Problem, UnusableFile

EVIDENCE = ("exchanges", "twin")  # nearly all of a finding's size


class StoredFinding(Mapping[str, Any]):
    """A finding as a record tells it. Looking at its evidence reads its line again.

    The file must stay as it is for as long as the evidence is wanted.
    """

    __slots__ = ("_offset", "_path", "_plain")  # a template finds members before these

    def __init__(self, line: Mapping[str, Any], path: Path, offset: int) -> None:
        self._plain = {
            sys.intern(name): None if name in EVIDENCE else _shared(value)
            for name, value in line.items()
        }
        self._path = path
        self._offset = offset  # bytes

    def __getitem__(self, name: str) -> Any:
        """A member; `exchanges` and `twin` come from the file.

        Raises:
            UnusableFile: the file has changed since it was read.
        """
        return self._stored()[name] if name in EVIDENCE else self._plain[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._plain)

    def __len__(self) -> int:
        return len(self._plain)

    def _stored(self) -> Mapping[str, Any]:
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                line = json.loads(file.readline())
        except (OSError, ValueError) as error:
            raise self._changed(str(error)) from error
        if not isinstance(line, dict) or line.get("key") != self._plain.get("key"):
            raise self._changed("another finding stands there")
        return line

    def _changed(self, why: str) -> UnusableFile:
        message = f"changed while it was read: {why}"
        return UnusableFile([Problem(str(self._path), 1, 1, message, "run the command again")])


def _shared(value: Any) -> Any:
    """Of a text that many findings have, one for all of them: a requirement, a verdict."""
    return sys.intern(value) if isinstance(value, str) else value
