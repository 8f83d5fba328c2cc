"""The reports of a run that has ended, written beside its record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from conformance.run.record import read_record
from reports.audit import Source
from reports.formats import write

ALWAYS = "html"


def write_reports(record: Path, formats: Iterable[str]) -> list[Path]:
    """Write the audit page and the other `formats` of a record into its folder."""
    wanted = (ALWAYS, *(name for name in formats if name != ALWAYS))
    return write(read_record(record), wanted, record.parent, sources_of([record]))


def sources_of(paths: Iterable[Path]) -> list[Source]:
    """The files a report is made from, with their digests."""
    return [Source(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in paths]
