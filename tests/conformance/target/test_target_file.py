"""The target file: its loader, its tables and its reference page say the same."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from tokenspec.conformance.errors import UnusableFile
from tokenspec.conformance.profile.catalogue import names as profile_names
from tokenspec.conformance.target import format as tables
from tokenspec.conformance.target.capabilities import CAPABILITIES
from tokenspec.conformance.target.loader import read_target
from tokenspec.conformance.target.model import (
    CLIENT_AUTH_METHODS,
    LOGIN_KINDS,
    Api,
    Client,
    Endpoints,
    Lifetimes,
    Limits,
    Login,
    Network,
    Product,
    Registration,
    Target,
)
from tokenspec.conformance.target.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "target-file.md"
ENVIRON = {"TOKENSPEC_PASSWORD": "x", "TOKENSPEC_OTHER_PASSWORD": "z", "WEB_APP_SECRET": "y"}
LEAST = """\
format: 1
issuer: https://login.example
clients:
  - client_id: my-client
    redirect_uris: [https://app.example/callback]
login: {username: test-user, password: {env: TOKENSPEC_PASSWORD}}
"""


def read(folder: Path, text: str) -> Target:
    path = folder / "target.yaml"
    path.write_text(text, encoding="utf-8")
    return read_target(path, ENVIRON, profile_names())


def test_the_page_is_what_the_tables_say() -> None:
    again = "python -m tokenspec.conformance.target.reference docs/target-file.md"
    assert PAGE.read_text(encoding="utf-8") == reference(), f"make it again: {again}"


@pytest.mark.parametrize(
    "example",
    re.findall(r"```yaml\n(format:.*?)```", reference(), re.DOTALL),
    ids=["least", "most"],
)
def test_the_examples_of_the_page_are_read(tmp_path: Path, example: str) -> None:
    assert read(tmp_path, example).clients[0].redirect_uris


@pytest.mark.parametrize(
    ("section", "model", "own"),
    [
        (tables.TARGET, Target, {"format": "", "file": "", "second_login": "", "revoking": ""}),
        (tables.CLIENT, Client, {}),
        (tables.LOGIN, Login, {}),
        (tables.API, Api, {}),
        (tables.PRODUCT, Product, {}),
        (tables.ENDPOINTS, Endpoints, {}),
        (tables.LIMITS, Limits, {}),
        (tables.LIFETIMES, Lifetimes, {}),
        (tables.NETWORK, Network, {}),
        (tables.REGISTRATION, Registration, {}),
    ],
    ids=lambda value: getattr(value, "place", ""),
)
def test_every_key_is_a_field_and_every_field_a_key(
    section: tables.Section, model: type, own: dict[str, str]
) -> None:
    assert {f.name for f in fields(model)} ^ set(section.keys) == set(own)


def test_every_word_of_a_choice_is_explained() -> None:
    for words, section, key in (
        (CLIENT_AUTH_METHODS, tables.CLIENT, "auth"),
        (LOGIN_KINDS, tables.LOGIN, "kind"),
    ):
        for word in words:
            assert f"`{word}`" in section.keys[key].summary, word
    for word in CAPABILITIES:
        assert f"| `{word}` |" in PAGE.read_text(encoding="utf-8")


def test_every_default_of_the_page_holds(tmp_path: Path) -> None:
    target = read(tmp_path, LEAST)
    for section, values in (
        (tables.TARGET, target),
        (tables.CLIENT, target.main),
        (tables.LOGIN, target.login),
        (tables.LIMITS, target.limits),
        (tables.NETWORK, target.network),
        (tables.REGISTRATION, Registration()),
    ):
        for name, key in section.keys.items():
            if key.default.startswith("`"):
                held = getattr(values, name)
                told = yaml.safe_load(key.default.strip("`"))
                assert told == (list(held) if isinstance(held, tuple) else held), name
    assert target.limits.rate is None


@pytest.mark.parametrize("section", tables.SECTIONS, ids=lambda section: section.place or "file")
def test_a_key_that_is_not_in_the_table_is_refused(tmp_path: Path, section: tables.Section) -> None:
    content = yaml.safe_load(LEAST)
    name = section.place.removesuffix("[]")
    if not name:
        content["unknown_key"] = "x"
    elif section.place.endswith("[]"):
        content[name] = [{"unknown_key": "x"}]
    else:
        content[name] = {"unknown_key": "x"}
    with pytest.raises(UnusableFile, match="unknown key 'unknown_key'"):
        read(tmp_path, yaml.safe_dump(content))


def two_users(first: str, second: str) -> str:
    content = yaml.safe_load(LEAST)
    content["login"] = [
        {"username": name, "password": {"env": "TOKENSPEC_PASSWORD"}} for name in (first, second)
    ]
    return yaml.safe_dump(content)


def test_a_list_of_logins_names_two_users(tmp_path: Path) -> None:
    target = read(tmp_path, two_users("one", "other"))
    assert target.second_login is not None
    assert (target.login.username, target.second_login.username) == ("one", "other")


def test_the_second_login_is_of_another_user(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="another user than the first"):
        read(tmp_path, two_users("one", "one"))


def test_a_list_of_logins_has_two_users_at_most(tmp_path: Path) -> None:
    content = yaml.safe_load(two_users("one", "other"))
    content["login"] += [{"kind": "manual"}]
    with pytest.raises(UnusableFile, match="one user or two"):
        read(tmp_path, yaml.safe_dump(content))
