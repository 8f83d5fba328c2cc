"""A comparison of two records as text, markdown or JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from tokenspec.reports.changes import Change, Comparison, Line

FORMAT = 1
UNSAFE = {ord(sign): f"\\{sign}" for sign in "\\`*_{}[]|#"} | {
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord("&"): "&amp;",
}


def as_text(found: Comparison) -> str:
    """For a terminal: what is worse first, each change with its cause."""
    lines = [*found.notes, *([""] if found.notes else [])]
    for title, changes in _parts(found):
        lines += [title, *(line for change in changes for line in _text(change)), ""]
    for title, causes in _causes(found):
        lines += [title, *(f"  {cause['sentence']} ({cause['citation']})" for cause in causes), ""]
    return "\n".join([*lines, summary(found)])


def as_markdown(found: Comparison) -> str:
    """For a pull request or a CI step summary."""
    lines = [f"### {summary(found)}", "", *(f"- {_plain(note)}" for note in found.notes), ""]
    for title, changes in _parts(found):
        lines += [f"#### {title}", "", "| case | requirement | before | after | cause |"]
        lines += ["|---|---|---|---|---|", *(_row(change) for change in changes), ""]
    for title, causes in _causes(found):
        told = (f"- {_plain(cause['sentence'])} ({_plain(cause['citation'])})" for cause in causes)
        lines += [f"#### {title}", "", *told, ""]
    return "\n".join(lines).rstrip()


def as_json(found: Comparison) -> str:
    """For machines; the shape is `schema/diff-1.schema.json`."""
    value: dict[str, Any] = {
        "format": FORMAT,
        "worse": len(found.worse),
        "unchanged": found.unchanged,
        "notes": list(found.notes),
        "changes": [asdict(change) for change in found.changes],
        "causes": {"came": _named(found.came), "went": _named(found.went)},
    }
    return json.dumps(value, ensure_ascii=False, indent=2)


def summary(found: Comparison) -> str:
    """The whole in one line."""
    if not found.changes:
        return f"nothing changed in {found.unchanged} case(s)"
    causes = Counter(change.cause for change in found.changes)
    by = ", ".join(f"{count} by {cause}" for cause, count in causes.most_common())
    return (
        f"{len(found.changes)} case(s) changed ({by}), {len(found.worse)} for the worse, "
        f"{found.unchanged} unchanged"
    )


FORMATS: dict[str, Callable[[Comparison], str]] = {
    "text": as_text,
    "json": as_json,
    "markdown": as_markdown,
}


def _parts(found: Comparison) -> Iterator[tuple[str, list[Change]]]:
    parts = (
        ("for the worse", [change for change in found.changes if change.worse]),
        ("other changes", [change for change in found.changes if not change.worse]),
    )
    return ((title, changes) for title, changes in parts if changes)


def _causes(found: Comparison) -> Iterator[tuple[str, Sequence[Line]]]:
    parts = (("causes that are new", found.came), ("causes that are gone", found.went))
    return ((title, causes) for title, causes in parts if causes)


def _named(causes: Iterable[Line]) -> list[dict[str, Any]]:
    return [{name: cause[name] for name in ("id", "sentence", "citation")} for cause in causes]


def _text(change: Change) -> Iterator[str]:
    yield f"  {change.key}  {change.title}"
    yield f"      {change.citation} ({change.level}): {_turn(change)}"
    yield f"      by {change.cause}: {change.why}"


def _turn(change: Change) -> str:
    return f"{change.before or 'not there'} → {change.after or 'not there'}"


def _row(change: Change) -> str:
    cells = (
        f"`{change.key}`",
        _plain(f"{change.citation} ({change.level})"),
        change.before or "not there",
        change.after or "not there",
        _plain(f"{change.cause}: {change.why}"),
    )
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Text that a server may have chosen, with every sign of markdown and HTML taken away."""
    return " ".join(text.split()).translate(UNSAFE)
