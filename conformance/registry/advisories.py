"""Published advisories on authorization servers, each with the case that would have found it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import resources

from tokenspec.conformance.documents import Marked, Reader
from tokenspec.conformance.errors import HarnessError, UnusableFile

ROW_KEYS = ("product", "affected", "summary", "source", "untestable")


@dataclass(frozen=True, slots=True)
class Advisory:
    """An advisory by its public id.

    `affected` names the versions, `summary` is one sentence on the flaw, `source` where it was
    published; `untestable` says why no case of this suite could find it, where none could.
    """

    id: str
    product: str
    affected: str
    summary: str
    source: str = ""
    untestable: str = ""


def read_advisories(file: str, text: str) -> tuple[Advisory, ...]:
    """The advisories of a file, in its order.

    Raises:
        UnusableFile: with every problem of the file.
    """
    reader = Reader(file)
    documents = reader.documents(text)
    advisories = [advisory for document in documents for advisory in _rows(reader, document)]
    reader.finish()
    return tuple(advisories)


def _rows(reader: Reader, document: Marked) -> list[Advisory]:
    fields = reader.mapping(
        document, allowed=("format", "advisories"), required=("format", "advisories")
    )
    reader.format_1(fields)
    if "advisories" not in fields:
        return []
    rows = reader.mapping(fields["advisories"])
    return [_row(reader, identifier, at) for identifier, at in rows.items()]


def _row(reader: Reader, identifier: str, at: Marked) -> Advisory:
    fields = reader.mapping(at, allowed=ROW_KEYS, required=("product", "affected", "summary"))
    return Advisory(identifier, **{name: reader.text(value) for name, value in fields.items()})


@functools.cache
def published_advisories() -> tuple[Advisory, ...]:
    """The bundled advisories, read once a process.

    Raises:
        HarnessError: the bundled file is wrong; names file and line.
    """
    file = resources.files("tokenspec.conformance.registry") / "advisories.yaml"
    try:
        return read_advisories(file.name, file.read_text(encoding="utf-8"))
    except UnusableFile as error:
        raise HarnessError(f"the list of published advisories is wrong\n{error}") from error
