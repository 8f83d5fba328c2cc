"""The commands by which a run, or a case of it, is made again: one truth for every report."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

Line = Mapping[str, Any]


def run_again(header: Line) -> str:
    """The command of a run, with every option that bears on its verdicts."""
    return shlex.join(("tokenspec", "run", *_file(header), *_options(header)))


def check_again(header: Line) -> str:
    """The command that looks at the target of a run."""
    return shlex.join(("tokenspec", "check", *_file(header)))


def replay(record: str) -> str:
    """The command that plays cases of a record again: those whose keys follow, else all open ones.

    It takes target, profile, seed and whatever else bears on verdicts from the record.
    """
    return shlex.join(("tokenspec", "replay", record))


def _file(header: Line) -> Iterator[str]:
    file = str(header.get("target", {}).get("file") or "")
    if file:
        yield file


def _options(header: Line) -> Iterator[str]:
    settings = header.get("settings", {})
    if settings.get("profile"):
        yield from ("--profile", str(settings["profile"]))
    if settings.get("strict"):
        yield "--strict"
    for folder in settings.get("scenarios") or ():
        yield from ("--scenarios", str(folder))
