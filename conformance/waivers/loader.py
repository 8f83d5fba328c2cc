"""The strict loader of waiver files: all problems of a file at once, each with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from tokenspec.conformance.documents import Marked, Reader, read_text
from tokenspec.conformance.scenario.model import Place
from tokenspec.conformance.verdicts import Kind
from tokenspec.conformance.waivers.model import Waiver, Waivers

KEYS = ("format", "waivers")
WAIVER_KEYS = ("id", "kind", "reason", "owner", "link", "expires")
REQUIRED = ("id", "reason", "owner", "expires")
KINDS = tuple(str(kind) for kind in Kind if kind)
ID = re.compile(r"[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)?")
TODO = "TODO"  # what `tokenspec waivers update` leaves for a person to fill in
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_waivers(path: Path) -> Waivers:
    """The waivers of a file.

    Raises:
        UnusableFile: with every problem of the file.
    """
    return parse_waivers(read_text(path), str(path))


def parse_waivers(text: str, file: str, *, unfinished: bool = False) -> Waivers:
    """The waivers in `text`, which stands in `file`.

    With `unfinished`, a TODO that `tokenspec waivers update` left is no problem.

    Raises:
        UnusableFile: with every problem of the text.
    """
    reader = Reader(file)
    documents = reader.documents(text)
    if len(documents) != 1:
        reader.problem(Marked(None, 1, 1), "a waiver file holds exactly one document")
        reader.finish()
    fields = reader.mapping(documents[0], allowed=KEYS, required=KEYS)
    reader.format_1(fields)
    items = reader.sequence(fields["waivers"]) if "waivers" in fields else ()
    entries = tuple(_waiver(reader, item, unfinished=unfinished) for item in items)
    _refuse_overlaps(reader, items, entries)
    reader.finish()
    return Waivers(file, entries)


def _waiver(reader: Reader, at: Marked, *, unfinished: bool) -> Waiver:
    own = reader.mapping(at, allowed=WAIVER_KEYS, required=REQUIRED)
    identifier = reader.text(own["id"]) if "id" in own else ""
    if isinstance(_plain(own, "id"), str) and not ID.fullmatch(identifier):
        hint = "a scenario or a case: pkce-verifier-wrong/trailing-newline"
        reader.problem(own["id"], f"{identifier!r} is not an id", hint)
    return Waiver(
        id=identifier,
        kind=reader.choice(own["kind"], KINDS) if "kind" in own else "",
        reason=_filled_in(reader, own, "reason", unfinished=unfinished),
        owner=_filled_in(reader, own, "owner", unfinished=unfinished),
        link=_link(reader, own),
        expires=_day(reader, own),
        place=Place(reader.file, at.line),
    )


def _plain(own: Mapping[str, Marked], name: str) -> object:
    return own[name].value if name in own else None


def _filled_in(reader: Reader, own: Mapping[str, Marked], name: str, *, unfinished: bool) -> str:
    """A text a person wrote: not empty, and no TODO any more."""
    at = own.get(name)
    if at is None:
        return ""
    text = reader.text(at).strip()
    if isinstance(at.value, str) and not text:
        reader.problem(at, f"{name} is empty", "a waiver without it excuses nothing")
    elif text.upper().startswith(TODO) and not unfinished:
        asked = {
            "reason": "say why the failure is accepted for now",
            "owner": "say who is responsible: a person or a team",
        }
        reader.problem(at, f"{name} is still {text[:40]!r}", asked[name])
    return text


def _link(reader: Reader, own: Mapping[str, Marked]) -> str:
    """Where the matter is tracked; a web address, so that a report may link to it."""
    at = own.get("link")
    text = reader.text(at) if at else ""
    if at and text and not text.startswith(("https://", "http://")):
        reader.problem(at, f"{text!r} is not a web address", "it begins with https://")
    return text


def _day(reader: Reader, own: Mapping[str, Marked]) -> date:
    at = own.get("expires")
    text = reader.text(at) if at else ""
    if at is None or not text:
        return date.max
    try:
        day = date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        reader.problem(at, f"{text!r} is not a calendar date", 'such as "2027-03-31"')
    return day or date.max


def _refuse_overlaps(
    reader: Reader, items: tuple[Marked, ...], entries: tuple[Waiver, ...]
) -> None:
    """Two waivers for one case would leave open which of them holds."""
    seen: dict[str, Waiver] = {}
    for item, waiver in zip(items, entries, strict=True):
        if waiver.id in seen:
            hint = f"first at line {seen[waiver.id].place.line}"
            reader.problem(item, f"{waiver.id!r} is waived twice", hint)
        seen.setdefault(waiver.id, waiver)
    for item, waiver in zip(items, entries, strict=True):
        scenario, _, case = waiver.id.partition("/")
        if case and scenario in seen:
            hint = f"line {seen[scenario].place.line} waives the whole scenario; keep one of them"
            reader.problem(item, f"{waiver.id!r} is waived twice", hint)
