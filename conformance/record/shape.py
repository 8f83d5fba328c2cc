"""Whether a line of a record has the shape that its published schema gives it.

Of JSON Schema it knows what that schema uses of shape: a value's words and form are not looked at,
as a reader may meet those of a later release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).parents[1] / "schema" / "record-1.schema.json"
KINDS: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
VERDICT = "verdict"


def wrong(line: Mapping[str, Any]) -> str:
    """What is wrong with the shape of a line, in a sentence; empty where nothing is."""
    kind = line.get("type")
    known = definitions()
    if not isinstance(kind, str) or kind not in KINDS_OF_LINES:
        return "not a line of a record"
    found = next(_faults(line, known[kind], ""), "")
    if not found and kind == "finding" and line[VERDICT] not in known[VERDICT]["enum"]:
        return f"{line[VERDICT]!r} is not a verdict"
    return found


KINDS_OF_LINES = ("header", "coverage", "finding", "look", "fault", "footer")


@cache
def definitions() -> Mapping[str, Any]:
    """The schema of each kind of line, by name."""
    found: Mapping[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))["definitions"]
    return found


def _faults(value: Any, schema: Mapping[str, Any], place: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = definitions()[schema["$ref"].rpartition("/")[2]]
    for either in ("anyOf", "oneOf"):
        if either in schema and all(any(_faults(value, one, place)) for one in schema[either]):
            yield from _faults(value, schema[either][0], place)
    kinds = schema.get("type", "string" if "enum" in schema else ())
    names = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    if names and not any(_is(value, name) for name in names):
        yield f"{place or 'the line'} is not {' or '.join(names)}"
        return
    if isinstance(value, dict):
        yield from _in_object(value, schema, place)
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for number, item in enumerate(value):
            yield from _faults(item, schema["items"], f"{place}[{number}]")


def _in_object(value: dict[str, Any], schema: Mapping[str, Any], place: str) -> Iterator[str]:
    inside = f"{place}." if place else ""
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{inside}{name} is missing"
    for name, member in schema.get("properties", {}).items():
        if name in value:
            yield from _faults(value[name], member, inside + name)


def _is(value: Any, name: str) -> bool:
    """Whether a value is of a type of JSON Schema; to Python true and false are numbers."""
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, KINDS[name])
