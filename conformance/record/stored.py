"""Findings whose evidence stays in the record's file until it is asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tokenspec.conformance.errors import Problem, UnusableFile
from tokenspec.conformance.record.memory import MemoryTrim

EVIDENCE = ("exchanges", "twin", "second_play")  # nearly all of a finding's size


class StoredEvidence:
    """The file of a record, for findings that were read from it. Not for several threads.

    It must stay as it is for as long as evidence is wanted. The finding looked at last is kept, as
    whoever tells of it looks several times.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at, self._last = -1, dict[str, Any]()
        self._memory = MemoryTrim()

    def finding(self, offset: int, key: object) -> Mapping[str, Any]:
        """The whole finding that begins so many bytes into the file.

        Raises:
            UnusableFile: the file has changed since it was read.
        """
        if offset != self._at:
            self._last = self._read(offset)
            self._at = offset
        if self._last.get("key") != key:
            raise self._changed("another finding stands there")
        return self._last

    def _read(self, offset: int) -> dict[str, Any]:
        try:
            with self._path.open("rb") as file:
                file.seek(offset)
                text = file.readline()
            line = json.loads(text)
        except (OSError, ValueError) as error:
            raise self._changed(str(error)) from error
        self._memory.gone(len(text))
        return line if isinstance(line, dict) else {}

    def _changed(self, why: str) -> UnusableFile:
        message = f"changed while it was read: {why}"
        return UnusableFile([Problem(str(self._path), 1, 1, message, "run the command again")])


class StoredFinding(Mapping[str, Any]):
    """A finding as a record tells it, with its evidence left in the record's file."""

    __slots__ = ("_evidence", "_offset", "_plain")  # a template finds members before these

    def __init__(self, line: Mapping[str, Any], evidence: StoredEvidence, offset: int) -> None:
        self._plain = {
            sys.intern(name): None if name in EVIDENCE else _shared(value)
            for name, value in line.items()
        }
        self._evidence = evidence
        self._offset = offset  # bytes

    def __getitem__(self, name: str) -> Any:
        """A member; those of `EVIDENCE` come from the file.

        Raises:
            UnusableFile: the file has changed since it was read.
        """
        plain = self._plain[name]
        if name not in EVIDENCE:
            return plain
        return self._evidence.finding(self._offset, self._plain.get("key"))[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._plain)

    def __len__(self) -> int:
        return len(self._plain)


def _shared(value: Any) -> Any:
    """Of a text that many findings have, one for all of them: a requirement, a verdict."""
    return sys.intern(value) if isinstance(value, str) else value
