"""The published JSON Schema (draft-07) of waiver files, made from the loader's own tables.

`python -m tokenspec.conformance.waivers.schema` writes it; a test holds it against the tables.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenspec.conformance.waivers import loader

SCHEMA_FILE = Path(__file__).parent.parent / "schema" / "waivers-1.schema.json"
_TODO = "".join(f"[{sign}{sign.lower()}]" for sign in loader.TODO)
_WRITTEN = {"type": "string", "pattern": "\\S", "not": {"pattern": f"^\\s*{_TODO}"}}
_FIELDS: dict[str, dict[str, Any]] = {
    "id": {
        "type": "string",
        "pattern": f"^{loader.ID.pattern}$",
        "description": "a scenario, or one case of it: scenario/case",
    },
    "kind": {
        "enum": list(loader.KINDS),
        "description": "the only way of failing that is excused; without it every way is",
    },
    "reason": {**_WRITTEN, "description": "why the failure is accepted for now"},
    "owner": {**_WRITTEN, "description": "person responsible"},
    "link": {"type": "string", "pattern": "^https?://", "description": "where it is tracked"},
    "expires": {
        "type": "string",
        "pattern": f"^{loader.DAY.pattern}$",
        "description": "the last day it is in force, in UTC",
    },
}


def build_schema() -> dict[str, Any]:
    """The schema as a JSON-like value."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "tokenspec waivers, format 1",
        "type": "object",
        "additionalProperties": False,
        "required": list(loader.KEYS),
        "properties": {
            "format": {"const": 1},
            "waivers": {"type": "array", "items": {"$ref": "#/definitions/waiver"}},
        },
        "definitions": {
            "waiver": {
                "type": "object",
                "additionalProperties": False,
                "required": list(loader.REQUIRED),
                "properties": {name: _FIELDS[name] for name in loader.WAIVER_KEYS},
            }
        },
    }


def text() -> str:
    """The schema as the text of its file."""
    return json.dumps(build_schema(), indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(text(), encoding="utf-8")
