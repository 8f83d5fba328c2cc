"""The schema of target files is the loader's own: what either refuses, the other does too."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tokenspec.conformance.cli import main
from tokenspec.conformance.cli.schema import names, schema_file, schema_text
from tokenspec.conformance.errors import UnusableFile
from tokenspec.conformance.pages.target_schema import SCHEMA_FILE, build_schema, text
from tokenspec.conformance.profile.catalogue import names as profile_names
from tokenspec.conformance.target import format as tables
from tokenspec.conformance.target.loader import read_target

ENVIRON = {"NAME": "x"}
SECRET = {"env": "NAME"}
CLIENT = {"client_id": "a", "redirect_uris": ["https://app.example/callback"]}
WHOLE: dict[str, Any] = {
    "format": 1,
    "issuer": "http://127.0.0.1:1",
    "clients": [CLIENT | {"auth": "client_secret_basic", "secret": SECRET}],
    "login": {"username": "a", "password": SECRET},
    "registration": {},
    **{name: {} for name in ("product", "endpoints", "limits", "lifetimes")},
    "apis": [{"audience": "a"}],
    "network": {"client_certificate": "there.pem"},
}
VALUES = (
    "x", "form", tables.recipe_names()[0], "client_secret_post", "rfc", "none", "there.pem",
    "http://127.0.0.1:1/x", "file.py:name", 1, 2, 4, 2.5, 0, -1, True, False, None,
    [], ["x"], ["none"], ["http://127.0.0.1:1/x"], [1], [{}], {}, {"x": "y"}, {"x": 1},
    {"x": SECRET}, SECRET, {"env": 1}, {"file": "there.pem"}, {"unknown": "x"}, {"kind": "manual"},
    [{"client_id": "a", "redirect_uris": ["x"]}], [{"click": "x"}], [{"click": "x", "wait": "x"}],
    [{"fill": "x", "text": "y"}],
)  # fmt: skip
# What no schema can see, each with what the loader says of it.
BEYOND_A_SCHEMA = (
    "must not stand in the file",
    "cannot be read",
    "not a PEM key",
    "is for an RSA key",
    "says how it is used",
    "needs a client certificate",
    "is not an absolute https URL",
    "another user",
    "fill says",
    "names no function",
)


def loader_says(folder: Path, document: dict[str, Any]) -> list[str]:
    (folder / "there.pem").write_text("", encoding="utf-8")
    path = folder / "target.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    try:
        read_target(path, ENVIRON, profile_names())
    except UnusableFile as error:
        return [problem.message for problem in error.problems]
    return []


def within(document: dict[str, Any], section: tables.Section) -> dict[str, Any]:
    """The mapping of a document that is the section's."""
    name = section.place.removesuffix("[]")
    found = document[name] if name else document
    own: dict[str, Any] = found[0] if section.place.endswith("[]") else found
    return own


def test_the_published_schema_is_the_one_of_the_loader() -> None:
    jsonschema.Draft7Validator.check_schema(build_schema())
    again = "python -m tokenspec.conformance.pages.target_schema"
    assert SCHEMA_FILE.read_text("utf-8") == text(), f"make it again: {again}"


@pytest.mark.parametrize("section", tables.SECTIONS, ids=lambda section: section.place or "file")
def test_schema_and_loader_agree_on_every_key(tmp_path: Path, section: tables.Section) -> None:
    validator = jsonschema.Draft7Validator(build_schema())
    accepted, different = set(), []
    for name in (*section.keys, "unknown_key"):
        for value in VALUES:
            document = copy.deepcopy(WHOLE)
            within(document, section)[name] = value
            said = loader_says(tmp_path, document)
            seen = [told for told in said if not any(words in told for words in BEYOND_A_SCHEMA)]
            valid = validator.is_valid(document)
            if valid if seen else not (valid or said):
                different.append((name, value, said))
            if valid and not said:
                accepted.add(name)
    assert different == []
    unread = {"private_key", "algorithm", "ca_file", "client_key"} - accepted  # need a real key
    assert accepted == set(section.keys) - unread


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"issuer": None}, "expected text"),
        ({"clients": [CLIENT | {"auth": "private_key_jwt"}]}, "needs a 'private_key'"),
        ({"clients": [CLIENT | {"auth": "client_secret_basic"}]}, "needs a 'secret'"),
        ({"login": {"kind": "command"}}, "login kind command needs 'command'"),
        ({"login": [{"kind": "manual"}] * 3}, "one user or two"),
    ],
)
def test_what_keys_need_of_each_other_is_in_the_schema(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    document = WHOLE | change
    assert any(told in said for said in loader_says(tmp_path, document))
    assert not jsonschema.Draft7Validator(build_schema()).is_valid(document)


def test_clients_or_registration_are_needed(tmp_path: Path) -> None:
    document = {name: WHOLE[name] for name in ("format", "issuer", "login")}
    assert loader_says(tmp_path, document) == ["missing key 'clients'"]
    assert not jsonschema.Draft7Validator(build_schema()).is_valid(document)


@pytest.mark.parametrize("name", names())
def test_a_schema_is_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", name]) == 0
    assert capsys.readouterr().out == schema_text(name)
    assert (SCHEMA_FILE.parent / schema_file(name)).exists()
