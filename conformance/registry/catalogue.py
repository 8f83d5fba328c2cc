"""The registry as a whole: bundled documents loaded once, looked up by id and by section."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType

from tokenspec.conformance.errors import HarnessError, UnusableFile, UsageError
from tokenspec.conformance.registry.loader import read_document
from tokenspec.conformance.registry.model import Requirement, selects


@dataclass(frozen=True, slots=True)
class Registry:
    """Requirements by id, in the order of their documents."""

    rows: Mapping[str, Requirement]

    @classmethod
    def load(cls) -> Registry:
        """The bundled registry, read once a process.

        Raises:
            HarnessError: a bundled file is wrong; names file and line.
        """
        return _bundled()

    @classmethod
    def of(cls, requirements: Iterable[Requirement]) -> Registry:
        """A registry of these requirements.

        Raises:
            HarnessError: two of them have the same id.
        """
        rows: dict[str, Requirement] = {}
        for row in requirements:
            if row.id in rows:
                raise HarnessError(f"requirement {row.id} is defined twice in the registry")
            rows[row.id] = row
        return cls(MappingProxyType(rows))

    @property
    def all(self) -> tuple[Requirement, ...]:
        """Every requirement."""
        return tuple(self.rows.values())

    def get(self, identifier: str) -> Requirement:
        """The requirement of that id.

        Raises:
            UsageError: there is none; the hint names the closest.
        """
        if identifier not in self.rows:
            raise UsageError(f"unknown requirement {identifier!r}", self._hint(identifier))
        return self.rows[identifier]

    def problem(self, identifier: str) -> str:
        """What is wrong with an id, as a sentence; empty if it is known."""
        if identifier in self.rows:
            return ""
        return f"unknown requirement {identifier!r}: {self._hint(identifier)}"

    def matching(self, prefix: str) -> tuple[Requirement, ...]:
        """The requirements an id or the beginning of one selects (see `selects`)."""
        return tuple(row for row in self.rows.values() if selects(prefix, row.id))

    def _hint(self, identifier: str) -> str:
        close = difflib.get_close_matches(identifier, self.rows, n=1, cutoff=0.6)
        if close:
            return f"did you mean {close[0]!r}?"
        prefixes = sorted({known.partition("-")[0] for known in self.rows})
        return f"an id begins with one of {', '.join(prefixes)}"


def read_folder(folder: Traversable) -> Registry:
    """The registry of every `*.yaml` file of a folder, in the order of their names.

    Raises:
        HarnessError: a file is wrong; names file and line.
    """
    named = {file.name: file for file in folder.iterdir() if file.name.endswith(".yaml")}
    try:
        return Registry.of(
            requirement
            for name in sorted(named)
            for requirement in read_document(name, named[name].read_text(encoding="utf-8"))
        )
    except UnusableFile as error:
        raise HarnessError(f"the registry is wrong\n{error}") from error


@functools.cache
def _bundled() -> Registry:
    return read_folder(resources.files("tokenspec.conformance.registry") / "data")
