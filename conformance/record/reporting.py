"""The reports of a run that has ended, written beside its record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from tokenspec.reports.formats import write
from tokenspec.reports.record import Record, Source

ALWAYS = "html"


def write_reports(record: Record, path: Path, formats: Iterable[str]) -> list[Path]:
    """Write the audit page and the other `formats` of the record read from `path` beside it."""
    wanted = (ALWAYS, *(name for name in formats if name != ALWAYS))
    return write(record, wanted, path.parent, sources_of([path]))


def sources_of(paths: Iterable[Path]) -> list[Source]:
    """The files a report is made from, with their digests."""
    return [Source(path.name, _sha256(path)) for path in paths]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
