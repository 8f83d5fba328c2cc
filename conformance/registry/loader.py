"""Reads a document of the registry: a YAML file of a head and a mapping from id to row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tokenspec.conformance.documents import Marked, Reader
from tokenspec.conformance.registry.model import Level, Requirement

HEAD_KEYS = ("format", "document", "prefix", "title", "url", "section_url")
DOCUMENT_KEYS = (*HEAD_KEYS, "appendix_url", "requirements")
ROW_KEYS = ("level", "text", "note", "untestable")
LEVELS = tuple(level.value for level in Level)

_SECTION = r"[0-9]+(?:\.[0-9]+)*|[A-Z](?:\.[0-9]+)*|[A-Z][a-z]+"
_IDENTIFIER = re.compile(rf"(?P<prefix>[A-Z0-9]+)-(?P<section>{_SECTION})-[A-Za-z0-9_-]+")
_SENTENCE_BREAK = re.compile(r"\.\s+[A-Z]")


@dataclass(frozen=True, slots=True)
class _Head:
    """What the rows of a file share. The URL patterns hold `{section}`, or name a whole page."""

    document: str
    prefix: str
    section_url: str
    appendix_url: str

    def url(self, section: str) -> str:
        pattern = self.section_url if section[0].isdigit() else self.appendix_url
        return pattern.replace("{section}", section)


def read_document(file: str, text: str) -> tuple[Requirement, ...]:
    """The requirements of one file, in file order.

    Args:
        file: how messages name the file.
        text: its content.

    Raises:
        UnusableFile: with every problem of the file.
    """
    reader = Reader(file)
    documents = reader.documents(text)
    if len(documents) != 1:
        reader.problem(Marked(None, 1, 1), f"expected one YAML document, found {len(documents)}")
    rows = [row for document in documents for row in _read_rows(reader, document)]
    reader.finish()
    return tuple(rows)


def _read_rows(reader: Reader, document: Marked) -> list[Requirement]:
    fields = reader.mapping(document, allowed=DOCUMENT_KEYS, required=(*HEAD_KEYS, "requirements"))
    reader.format_1(fields)
    head = _Head(
        document=_text(reader, fields, "document"),
        prefix=_text(reader, fields, "prefix"),
        section_url=_text(reader, fields, "section_url"),
        appendix_url=_text(reader, fields, "appendix_url") or _text(reader, fields, "section_url"),
    )
    if "requirements" not in fields:
        return []
    rows = reader.mapping(fields["requirements"])
    return [_read_row(reader, head, identifier, at) for identifier, at in rows.items()]


def _read_row(reader: Reader, head: _Head, identifier: str, at: Marked) -> Requirement:
    fields = reader.mapping(at, allowed=ROW_KEYS, required=("level", "text"))
    section = _section(reader, head, identifier, at)
    level = reader.choice(fields["level"], LEVELS) if "level" in fields else ""
    return Requirement(
        id=identifier,
        source=head.document,
        section=section,
        level=Level(level) if level in LEVELS else Level.MAY,
        text=_sentence(reader, fields, "text"),
        url=head.url(section),
        note=_text(reader, fields, "note"),
        untestable=_sentence(reader, fields, "untestable"),
    )


def _section(reader: Reader, head: _Head, identifier: str, at: Marked) -> str:
    match = _IDENTIFIER.fullmatch(identifier)
    if match is None or match["prefix"] != head.prefix:
        hint = f"an id is {head.prefix}-SECTION-slug, such as {head.prefix}-4.1-short_name"
        reader.problem(at, f"{identifier!r} is not an id of this document", hint)
        return "0"
    return match["section"]


def _sentence(reader: Reader, fields: Mapping[str, Marked], key: str) -> str:
    text = _text(reader, fields, key)
    if text and (not text.endswith(".") or _SENTENCE_BREAK.search(text)):
        reader.problem(fields[key], f"{key!r} is one sentence that ends with a full stop")
    return text


def _text(reader: Reader, fields: Mapping[str, Marked], key: str) -> str:
    return reader.text(fields[key]) if key in fields else ""
