"""The published JSON Schema (draft-07) of target files, made from the tables of the loader.

`python -m tokenspec.conformance.pages.target_schema` writes it; a test holds it against the loader.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tokenspec.conformance.profile.catalogue import names as profile_names
from tokenspec.conformance.target import format as tables
from tokenspec.conformance.target.capabilities import CAPABILITIES
from tokenspec.conformance.target.loader import MOST_USERS, NEEDED_BY_KIND, NOBODY
from tokenspec.conformance.target.model import (
    CLIENT_AUTH_METHODS,
    IP_VERSIONS,
    LOGIN_KINDS,
    RSA_ALGORITHMS,
    STEP_WORDS,
)

Schema = dict[str, Any]

SCHEMA_FILE = Path(__file__).parent.parent / "schema" / "target-1.schema.json"
_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_URL: Schema = {"type": "string", "pattern": "^https?://"}
_BOOLEAN: Schema = {"type": "boolean"}
_POSITIVE: Schema = {"type": "number", "exclusiveMinimum": 0}
_WHOLE: Schema = {"type": "integer", "exclusiveMinimum": 0}
_VARIABLE: Schema = {
    "type": "object",
    "properties": {"env": _TEXT},
    "additionalProperties": False,
    "required": ["env"],
}
_TEXT_OR_VARIABLE: Schema = {"anyOf": [_TEXT, _VARIABLE]}
_KEY: Schema = {
    "type": "object",
    "properties": {"file": _TEXT, "env": _TEXT},
    "additionalProperties": False,
    "minProperties": 1,
}
# What a value of each shape of the tables may be. A literal secret is left to the loader, which
# knows whether the issuer is on the loopback.
SHAPES: Mapping[str, Schema] = MappingProxyType(
    {
        "`1`": {"const": 1},
        "URL": _URL,
        "text": _TEXT,
        "path": _TEXT,
        "folder": _TEXT,
        "`host:port`": _TEXT,
        "true/false": _BOOLEAN,
        "number": _POSITIVE,
        "seconds": _POSITIVE,
        "whole number": _WHOLE,
        "bytes": _WHOLE,
        "list of texts": _TEXTS,
        "list of URIs": _TEXTS,
        "list of URLs": {"type": "array", "items": _URL},
        "mapping of texts": {"type": "object", "additionalProperties": _TEXT},
        tables.SECRET: _TEXT_OR_VARIABLE,
        "URL or `{env: NAME}`": _TEXT_OR_VARIABLE,
        "mapping of texts or `{env: NAME}`": {
            "type": "object",
            "additionalProperties": _TEXT_OR_VARIABLE,
        },
        "`{file: key.pem}` or `{env: NAME}`": _KEY,
        "`file.py:name` or `module:name`": {"type": "string", "pattern": "^.+:[^:]+$"},
    }
)


def build_schema() -> Schema:
    """The schema as a JSON-like value."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "tokenspec target, format 1",
        **_section(tables.TARGET, _own_of_target()),
        "anyOf": [
            {"properties": {name: {}}, "required": [name]} for name in ("clients", "registration")
        ],
        "definitions": {
            "client": _client(),
            "login": _login(),
            "api": _section(tables.API, {}),
        },
    }


def text() -> str:
    """The schema as the text of its file."""
    return json.dumps(build_schema(), indent=2) + "\n"


def _own_of_target() -> dict[str, Schema]:
    """The keys of the file whose shape alone does not say what they hold."""
    login = {"$ref": "#/definitions/login"}
    users = {"type": "array", "items": login, "minItems": 1, "maxItems": MOST_USERS}
    flags = {name: {**_BOOLEAN, "description": c.summary} for name, c in CAPABILITIES.items()}
    return {
        "clients": _list_of("client", at_least=1),
        "login": {"anyOf": [login, users]},
        "apis": _list_of("api"),
        "profile": _one_of(sorted(profile_names())),
        "capabilities": {"type": "object", "properties": flags, "additionalProperties": False},
        "product": _section(tables.PRODUCT, {}),
        "endpoints": _section(tables.ENDPOINTS, {}),
        "limits": _section(tables.LIMITS, {}),
        "lifetimes": _section(tables.LIFETIMES, {}),
        "network": _section(
            tables.NETWORK, {"clock_offset": {"type": "number"}, "ip_version": _one_of(IP_VERSIONS)}
        ),
        "registration": _section(
            tables.REGISTRATION,
            {"clients": {"type": "array", "items": _one_of(tables.REGISTERED_METHODS)}},
        ),
    }


def _client() -> Schema:
    own: dict[str, Schema] = {
        "auth": _one_of(CLIENT_AUTH_METHODS),
        "algorithm": _one_of(RSA_ALGORITHMS),
        "redirect_uris": {**_TEXTS, "minItems": 1},
    }
    needed = {
        "client_secret_basic": ["secret"],
        "client_secret_post": ["secret"],
        "private_key_jwt": ["private_key"],
    }
    return {**_section(tables.CLIENT, own), "allOf": _needed_by("auth", needed)}


def _login() -> Schema:
    own: dict[str, Schema] = {
        "kind": _one_of(LOGIN_KINDS),
        "recipe": _one_of(tables.recipe_names()),
        "steps": {"type": "array", "items": _step()},
    }
    needed = _needed_by("kind", NEEDED_BY_KIND, "form")
    nobody = {"required": list(NOBODY), "maxProperties": len(NOBODY)}
    of_form = needed[list(NEEDED_BY_KIND).index(NOBODY["kind"])]
    of_form["then"] = {"anyOf": [of_form["then"], nobody]}
    return {**_section(tables.LOGIN, own), "allOf": needed}


def _step() -> Schema:
    words = dict.fromkeys(STEP_WORDS, _TEXT)
    one = [{"properties": {word: {}}, "required": [word]} for word in STEP_WORDS]
    return {
        "type": "object",
        "properties": {**words, "with": _one_of(("username", "password")), "text": _TEXT},
        "additionalProperties": False,
        "oneOf": one,
    }


def _needed_by(
    key: str, needed: Mapping[str, Sequence[str]], default: str = ""
) -> list[dict[str, Any]]:
    """Of each word of `key` the other keys it needs; the default word holds without the key."""
    return [
        {
            "if": {
                "properties": {key: {"const": word}},
                **({} if word == default else {"required": [key]}),
            },
            "then": {"properties": {name: {} for name in names}, "required": list(names)},
        }
        for word, names in needed.items()
    ]


def _section(section: tables.Section, own: Mapping[str, Schema]) -> Schema:
    """A mapping of the file: `own` has the keys whose shape does not say what they hold."""
    return {
        "type": "object",
        "properties": {
            name: {**(own.get(name) or SHAPES[key.shape]), "description": key.summary}
            for name, key in section.keys.items()
        },
        "additionalProperties": False,
        "required": list(section.needed),
    }


def _list_of(name: str, at_least: int = 0) -> Schema:
    return {"type": "array", "minItems": at_least, "items": {"$ref": f"#/definitions/{name}"}}


def _one_of(words: Collection[Any]) -> Schema:
    return {"enum": list(words)}


if __name__ == "__main__":
    SCHEMA_FILE.write_text(text(), encoding="utf-8")
