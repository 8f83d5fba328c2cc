"""docs/login.md: every example can be read, and every kind and recipe is in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tokenspec.conformance.profile.catalogue import names as profile_names
from tokenspec.conformance.target.format import recipe_names
from tokenspec.conformance.target.loader import read_target
from tokenspec.conformance.target.model import LOGIN_KINDS

PAGE = (Path(__file__).parents[3] / "docs" / "login.md").read_text(encoding="utf-8")
LEAST = {
    "format": 1,
    "issuer": "https://login.example",
    "clients": [{"client_id": "a", "redirect_uris": ["https://client.example/callback"]}],
    "login": {"kind": "none"},
}
ENVIRON = {
    "TOKENSPEC_PASSWORD": "x",
    "TOKENSPEC_OTHER_PASSWORD": "y",
    "TOKENSPEC_COOKIES": "session=x",
}


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
def test_an_example_can_be_read(tmp_path: Path, example: str) -> None:
    path = tmp_path / "target.yaml"
    path.write_text(yaml.safe_dump(LEAST | yaml.safe_load(example)), encoding="utf-8")
    assert read_target(path, ENVIRON, profile_names()).login.kind in LOGIN_KINDS


def test_every_kind_and_recipe_is_shown() -> None:
    for kind in LOGIN_KINDS:
        assert f"`{kind}`" in PAGE or kind == "reference"
    for recipe in recipe_names():
        assert f"| `{recipe}` |" in PAGE
