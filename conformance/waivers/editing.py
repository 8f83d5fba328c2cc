"""Changes to the text of a waiver file that keep its comments and the order of its entries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.waivers.loader import TODO

HEAD = """\
# Known failures. Each needs a reason, an owner and a last day; see docs/waivers.md.
format: 1
waivers:
"""
EMPTY = "waivers: []"


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in a new entry; a TODO is refused by the loader until a person fills it in."""

    expires: date
    reason: str = TODO
    owner: str = TODO
    link: str = ""


def added(text: str, findings: Iterable[Mapping[str, Any]], draft: Draft) -> str:
    """`text` with an entry for each finding (lines of a record) after the last one.

    Raises:
        UsageError: the list is written in one line, where nothing can be put in between.
    """
    entries = [_entry(finding, draft) for finding in findings]
    if not entries:
        return text
    if not text.strip():
        text = HEAD
    lines = text.replace(EMPTY, "waivers:").splitlines()
    places = _places(lines)
    if not places:
        at = next(n for n, line in enumerate(lines) if line.startswith("waivers:")) + 1
        indent = "  "
    else:
        at, indent = places[-1].end, places[-1].indent
    new = [f"{indent}{line}" for entry in entries for line in entry]
    return _joined([*lines[:at], *new, *lines[at:]])


def removed(text: str, ids: Collection[str]) -> str:
    """`text` without the entries of these ids; comments of their own lines stay.

    Raises:
        UsageError: the list is written in one line.
    """
    lines = text.splitlines()
    places = _places(lines)
    kept = [place for place in places if place.id not in ids]
    drop = {n for p in places if p.id in ids for n in range(p.start, p.end)}
    left = [line for number, line in enumerate(lines) if number not in drop]
    if places and not kept:
        left = [EMPTY if line.rstrip() == "waivers:" else line for line in left]
    return _joined(left)


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where an entry stands: lines `start` to `end`, the last not included, counted from 0."""

    id: str
    start: int
    end: int
    indent: str


def _places(lines: Sequence[str]) -> list[_Entry]:
    """The entries of a file that the loader has read, so that its shape is known."""
    document = yaml.compose("\n".join(lines) + "\n", Loader=yaml.SafeLoader)
    found = []
    for key, value in document.value if document else ():
        if key.value != "waivers" or not value.value:
            continue
        if value.flow_style:
            hint = "write each entry on lines of its own, beginning with '- id:'"
            raise UsageError("the waivers are written in one line, which cannot be edited", hint)
        for item in value.value:
            start = item.start_mark.line
            identifier = next((v.value for k, v in item.value if k.value == "id"), "")
            indent = " " * (len(lines[start]) - len(lines[start].lstrip()))
            found.append(_Entry(identifier, start, _last_line(item) + 1, indent))
    return found


def _last_line(item: yaml.Node) -> int:
    """The last line on which something of a mapping stands."""
    last = 0
    for key, value in item.value:
        end = value.end_mark
        line = end.line if end.column or value.start_mark.line == end.line else end.line - 1
        last = max(last, key.start_mark.line, line)
    return last


def _entry(finding: Mapping[str, Any], draft: Draft) -> list[str]:
    about = " ".join(f"{finding['citation']} ({finding['level']}): {finding['title']}".split())
    lines = [f"- id: {finding['key']}  # {about}"]
    if finding["kind"]:
        lines.append(f"  kind: {finding['kind']}")
    lines += [f"  reason: {_text(draft.reason)}", f"  owner: {_text(draft.owner)}"]
    if draft.link:
        lines.append(f"  link: {_text(draft.link)}")
    return [*lines, f'  expires: "{draft.expires.isoformat()}"']


def _text(text: str) -> str:
    """A text as YAML, in quotes unless it is a plain word."""
    if text.isalnum() and not text.isdecimal():
        return text
    quoted = yaml.safe_dump(text, default_style='"', width=10_000, allow_unicode=True)
    return str(quoted).strip()


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"
