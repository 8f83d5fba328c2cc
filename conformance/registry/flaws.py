"""Published flaws of authorization servers, each with the case that would have found it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import resources

from tokenspec.conformance.documents import Marked, Reader
from tokenspec.conformance.errors import HarnessError, UnusableFile

ROW_KEYS = ("product", "affected", "flaw", "source", "untestable")


@dataclass(frozen=True, slots=True)
class Flaw:
    """A flaw by its public id.

    `affected` names the versions, `flaw` tells it in one sentence, `source` is where it was
    published; `untestable` says why no case of this suite could find it, where none could.
    """

    id: str
    product: str
    affected: str
    flaw: str
    source: str = ""
    untestable: str = ""


def read_flaws(file: str, text: str) -> tuple[Flaw, ...]:
    """The flaws of a file, in its order.

    Raises:
        UnusableFile: with every problem of the file.
    """
    reader = Reader(file)
    documents = reader.documents(text)
    flaws = [flaw for document in documents for flaw in _rows(reader, document)]
    reader.finish()
    return tuple(flaws)


def _rows(reader: Reader, document: Marked) -> list[Flaw]:
    fields = reader.mapping(document, allowed=("format", "flaws"), required=("format", "flaws"))
    reader.format_1(fields)
    if "flaws" not in fields:
        return []
    rows = reader.mapping(fields["flaws"])
    return [_row(reader, identifier, at) for identifier, at in rows.items()]


def _row(reader: Reader, identifier: str, at: Marked) -> Flaw:
    fields = reader.mapping(at, allowed=ROW_KEYS, required=("product", "affected", "flaw"))
    return Flaw(identifier, **{name: reader.text(value) for name, value in fields.items()})


@functools.cache
def published_flaws() -> tuple[Flaw, ...]:
    """The bundled flaws, read once a process.

    Raises:
        HarnessError: the bundled file is wrong; names file and line.
    """
    file = resources.files("tokenspec.conformance.registry") / "flaws.yaml"
    try:
        return read_flaws(file.name, file.read_text(encoding="utf-8"))
    except UnusableFile as error:
        raise HarnessError(f"the list of published flaws is wrong\n{error}") from error
