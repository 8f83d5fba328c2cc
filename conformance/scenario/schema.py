"""The published JSON Schema (draft-07) of the scenario format, made from the loader's own tables.

Editors read the file `conformance/schema/scenario-1.schema.json`; `python -m
conformance.scenario.schema` writes it, and a test holds it against the tables.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenspec.conformance.scenario import changes, loader, outcomes, settings
from tokenspec.conformance.scenario.bases import BASES
from tokenspec.conformance.scenario.edits import URI_PARTS
from tokenspec.conformance.scenario.model import StepKind
from tokenspec.conformance.scenario.operators import OPERATORS
from tokenspec.conformance.scenario.premises import PREMISES

SCHEMA_FILE = Path(__file__).parent.parent / "schema" / "scenario-1.schema.json"
_TEXT: dict[str, Any] = {"type": "string"}
_TEXTS = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_WHOLE = {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]}
_BOOLEAN = {"type": "boolean"}
_IDENTIFIER = {"type": "string", "pattern": f"^{loader.IDENTIFIER.pattern}$"}


def build_schema() -> dict[str, Any]:
    """The schema as a JSON-like value."""
    shared = _shared()
    scenario = _closed(
        {
            "format": {"const": 1},
            "id": _IDENTIFIER,
            "variants": {"type": "array", "minItems": 1, "items": _ref("variant")},
            **shared,
        },
        required=("format", "id", "title", "variants"),
    )
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "tokenspec scenario, format 1",
        **scenario,
        "definitions": {
            "variant": _closed({"id": _IDENTIFIER, **shared}, required=("id",)),
            "operator": _operator(),
            "parameters": _map({"anyOf": [_TEXT, _ref("operator")]}),
            "claims": _map({"anyOf": [{"not": {"type": "object"}}, _ref("operator")]}),
            "jwt": _jwt(),
            "outcome": _outcome(),
            "expect": _expect(),
            "premise": _one_of(list(PREMISES)),
            "step": _step(),
            "together": _together(),
        },
    }


def text() -> str:
    """The schema as the text of its file."""
    return json.dumps(build_schema(), indent=2) + "\n"


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/definitions/{name}"}


def _one_of(words: Sequence[str]) -> dict[str, Any]:
    return {"enum": list(words)}


def _map(values: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": values}


def _closed(properties: dict[str, Any], required: Sequence[str] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "required": list(required),
    }


def _shared() -> dict[str, Any]:
    """What a scenario and its cases may both say."""
    steps = {word: _ref("parameters") for word in loader.STEP_WORDS}
    return {
        "title": _TEXT,
        "requirement": _TEXT,
        "also": _TEXTS,
        "why": _TEXT,
        "tags": _TEXTS,
        "needs": _TEXTS,
        "base": _one_of(list(BASES)),
        "client": _one_of(changes.CLIENT_ROLES),
        "session": _one_of(settings.SESSIONS),
        "pkce": _closed(
            {
                "method": _one_of(changes.PKCE_METHODS),
                "length": {"type": "integer"},
                "characters": _TEXT,
            }
        ),
        "given": _closed(steps),
        "premises": {"anyOf": [_ref("premise"), {"type": "array", "items": _ref("premise")}]},
        "refresh_tokens": _one_of(settings.KINDS),
        "every_response": _BOOLEAN,
        **{word: _ref("expect") for word in outcomes.ANSWERED},
        "then": {"type": "array", "items": {"anyOf": [_ref("step"), _ref("together")]}},
        **steps,
        **_request_places(),
    }


def _request_places() -> dict[str, Any]:
    client_auth = {
        "client": _one_of(changes.CLIENT_ROLES),
        "method": _one_of(changes.AUTH_METHODS),
        "secret": {"anyOf": [_TEXT, _ref("operator")]},
        "encoding": _one_of(changes.BASIC_ENCODINGS),
        "assertion": _ref("jwt"),
    }
    http = {
        "method": _one_of(changes.METHODS),
        "encoding": _one_of(changes.ENCODINGS),
        "content_type": _TEXT,
        "authorization_scheme": _one_of(changes.SCHEMES),
        "access_token_in": _one_of(changes.TOKEN_PLACES),
        "well_known": _one_of(changes.WELL_KNOWN),
        "after": _one_of(changes.AFTER),
        "unpushed": {"type": "boolean"},
        "at_once": {"type": "integer"},
    }
    return {
        "headers": _ref("parameters"),
        "dpop": _ref("jwt"),
        "request_object": _ref("jwt"),
        "client_auth": _closed(client_auth),
        "http": _closed(http),
    }


def _operator() -> dict[str, Any]:
    uri = {part: {"anyOf": [_TEXT, {"type": "integer"}]} for part in URI_PARTS}
    arguments: dict[str, dict[str, Any]] = {
        "true": {"const": True},
        "text": _TEXT,
        "integer": {"type": "integer"},
        "number": {"type": "number"},
        "base64": _TEXT,
        "uri": {**_closed(uri), "minProperties": 1},
        "any": {},
    }
    properties = {
        name: {
            "description": operator.summary,
            **(
                _one_of(operator.choices)
                if operator.argument == "choice"
                else arguments[operator.argument]
            ),
        }
        for name, operator in OPERATORS.items()
    }
    return {**_closed(properties), "minProperties": 1, "maxProperties": 1}


def _jwt() -> dict[str, Any]:
    return _closed(
        {
            "header": _ref("claims"),
            "claims": _ref("claims"),
            "sign_with": _one_of(changes.SIGN_WITH),
            **{name: {"anyOf": [_TEXT, _ref("operator")]} for name in changes.JWT_TEXTS},
            "key": _one_of(changes.KEYS),
            "alg": _one_of(changes.ALGORITHMS),
            "reuse": _BOOLEAN,
        }
    )


def _outcome() -> dict[str, Any]:
    return _closed(
        {
            "verdict": _one_of(outcomes.VERDICTS),
            "answer": _one_of(outcomes.ANSWERS),
            "at": _TEXT,
            "where": _map(_one_of(outcomes.ANSWERS)),
            "status": _WHOLE,
            "error": _TEXTS,
            "has": _TEXTS,
            "lacks": _TEXTS,
            "equals": _ref("claims"),
            "headers": _map(_TEXT),
            "checks": _TEXTS,
            "at_most": {"type": "integer"},
            "strict": _BOOLEAN,
            "note": _TEXT,
        }
    )


def _expect() -> dict[str, Any]:
    one = {"anyOf": [_one_of([*outcomes.ANSWERS, outcomes.ORACLE]), _ref("outcome")]}
    return {"anyOf": [one, {"type": "array", "items": one}]}


def _step() -> dict[str, Any]:
    """A further step: exactly one request, and what may stand beside it."""
    words = {word: _ref("parameters") for word in loader.STEP_WORDS}
    answered = {word: _ref("expect") for word in outcomes.ANSWERED}
    step = _closed({**words, **_request_places(), **answered, "user": _one_of(loader.USERS)})
    step["dependencies"] = {"user": [str(StepKind.AUTHORIZE)]}
    one = [{"properties": {word: {}}, "required": [word]} for word in loader.STEP_WORDS]
    return {**step, "oneOf": one}


def _together() -> dict[str, Any]:
    """In place of a step: several, sent at the same moment."""
    steps = {"type": "array", "minItems": 2, "items": _ref("step")}
    return _closed({loader.TOGETHER: steps}, required=(loader.TOGETHER,))


if __name__ == "__main__":
    SCHEMA_FILE.parent.mkdir(exist_ok=True)
    SCHEMA_FILE.write_text(text(), encoding="utf-8")
