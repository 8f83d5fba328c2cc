"""Causes as people read them: what to fix first, and why, before any single finding."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tokenspec.reports.again import replay
from tokenspec.reports.record import Line, Record
from tokenspec.reports.words import counted

WIDTH = 96
IN_FULL = 3  # causes told with everything
LISTED = 8  # causes told in a line, after those
SHOWN = 3  # alternatives
ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Grade:
    """A severity as people read it."""

    label: str
    meaning: str


GRADES: Mapping[str, Grade] = {
    "exploitable-now": Grade(
        "Exploitable now", "Somebody can use it as it is, with nothing else wrong."
    ),
    "exploitable-with-another-fault": Grade(
        "Exploitable with another fault",
        "A second line of defence is missing: it can be used once something else has gone wrong, "
        "such as a code or token that got into other hands.",
    ),
    "interoperability": Grade(
        "Interoperability", "Nothing is given away; clients that do as the texts say fail."
    ),
    ADVICE: Grade("Advice", "A recommendation is not followed."),
}
OTHER = Grade("Other", "A severity this release does not know.")
Row = tuple[str, str, str]  # name of the row (of a head: its severity), label, text


def grade(severity: str) -> Grade:
    """A severity in words; unknown ones have words too."""
    return GRADES.get(severity, OTHER)


def percent(cause: Line) -> str:
    """How likely a cause or an alternative is, such as `97 %`; empty where nothing was compared."""
    likelihood = cause.get("likelihood")
    return "" if likelihood is None else f"{round(100 * likelihood)} %"


def headline(record: Record) -> str:
    """How many causes there are, by severity, in a line; empty without any."""
    causes = record.causes
    if not causes:
        return ""
    by = [(one.label.lower(), _number(causes, name)) for name, one in GRADES.items()]
    parts = ", ".join(f"{number} {label}" for label, number in by if number)
    explained = {key for cause in causes for key in cause["cases"]}
    return f"{counted(len(causes), 'cause')} of {counted(len(explained), 'finding')}: {parts}"


def cause_rows(record: Record, path: str, *, everything: bool = False) -> Iterator[Row]:
    """The causes line by line, the gravest first, each with the name of its row.

    Args:
        record: of a run with findings.
        path: where the record stands, for commands that can be copied.
        everything: all of them in full, not only the first.
    """
    causes = record.causes
    full = len(causes) if everything else IN_FULL
    for number, cause in enumerate(causes[:full], start=1):
        yield from _in_full(number, cause, path)
    for number, cause in enumerate(causes[full : full + LISTED], start=full + 1):
        yield _head(number, cause, cut=True)
    left = len(causes) - full - LISTED
    if left > 0:
        yield "", "", f"    and {left} more: tokenspec diagnose {path}"


def _in_full(number: int, cause: Line, path: str) -> Iterator[Row]:
    yield _head(number, cause)
    cases = counted(len(cause["cases"]), "case")
    rows = [
        ("requirement", f"{cause['citation']} ({cause['level']}), {cases}"),
        ("severity", cause["severity_why"]),
        ("gains", cause["gains"]),
        ("look at", cause["place"]),
        ("or else", _others(cause)),
    ]
    for name, text in rows:
        if text:
            yield from _row(name, text)
    yield "again", "    again        ", f"{replay(path)} {cause['shortest']}"


def _head(number: int, cause: Line, *, cut: bool = False) -> Row:
    said = percent(cause)
    likely = f"  ({said})" if said else ""
    text = f"{number:3} {grade(cause['severity']).label}: {cause['sentence']}"
    room = WIDTH - len(likely)
    if cut and len(text) > room:
        text = text[: room - 1] + "…"
    return cause["severity"], "", text + likely


def _others(cause: Line) -> str:
    others = [
        f"{one['sentence'].rstrip('.')} ({percent(one)})" for one in cause["alternatives"][:SHOWN]
    ]
    tells = f"; told apart by {cause['further']}" if cause["further"] else ""
    return "; ".join(others) + tells if others else ""


def _row(name: str, text: str) -> Iterator[Row]:
    label = f"    {name}".ljust(17)
    for line in textwrap.wrap(text, WIDTH - 17, break_long_words=False, break_on_hyphens=False):
        yield name, label, line
        label = " " * 17


def _number(causes: Sequence[Line], severity: str) -> int:
    return sum(cause["severity"] == severity for cause in causes)
