"""Every form a record can be told in, and the files they are written to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tokenspec.reports.ctrf import ctrf
from tokenspec.reports.github import workflow_commands
from tokenspec.reports.markdown import markdown
from tokenspec.reports.record import Record, Source
from tokenspec.reports.sarif import sarif


@dataclass(frozen=True, slots=True)
class Format:
    """One form: its usual file name, what it is for, and what makes it, piece by piece."""

    file: str
    summary: str
    render: Callable[[Record, Sequence[Source]], Iterable[str]]


def _audit(record: Record, sources: Sequence[Source]) -> Iterable[str]:
    from tokenspec.reports.audit import (
        audit_pieces,  # with its template engine, wanted at the end of a run
    )

    return audit_pieces(record, sources)


def _junit(record: Record, _sources: Sequence[Source]) -> Iterable[str]:
    from tokenspec.reports.junit import junit

    yield junit(record)


def _whole(render: Callable[[Record], str]) -> Callable[[Record, Sequence[Source]], Iterable[str]]:
    return lambda record, _sources: (render(record),)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "html": Format("audit.html", "the audit page", _audit),
        "markdown": Format("summary.md", "for a pull request or CI step", _whole(markdown)),
        "junit": Format("junit.xml", "JUnit XML, for CI servers", _junit),
        "sarif": Format("results.sarif", "SARIF 2.1.0, for code scanning", _whole(sarif)),
        "ctrf": Format("ctrf.json", "Common Test Report Format", _whole(ctrf)),
        "github": Format(
            "annotations.txt", "annotations of GitHub Actions", _whole(workflow_commands)
        ),
    }
)
ALL = "all"


def chosen(words: Iterable[str]) -> tuple[str, ...]:
    """The formats that words name: names, several joined by commas, or `all`.

    Raises:
        ValueError: a word names none; the message says which there are.
    """
    named = [name.strip() for word in words for name in word.split(",") if name.strip()]
    wrong = [name for name in named if name not in (*FORMATS, ALL)]
    if wrong:
        raise ValueError(f"no format is called {wrong[0]!r}; there are {', '.join(FORMATS)}, {ALL}")
    return tuple(name for name in FORMATS if name in named or ALL in named)


def write(
    record: Record, formats: Iterable[str], folder: Path, sources: Sequence[Source] = ()
) -> list[Path]:
    """Write a file for each format; gives their paths in that order."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in formats:
        path = folder / FORMATS[name].file
        _write_whole(path, FORMATS[name].render(record, sources))
        written.append(path)
    return written


def _write_whole(path: Path, pieces: Iterable[str]) -> None:
    """Write a file, or leave it as it was: nobody should read half a page."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with unfinished.open("wb") as file:
            for piece in pieces:
                file.write(piece.encode("utf-8", "replace"))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
