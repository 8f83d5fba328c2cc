"""The files around the code: forms ask for what is needed, hooks download nothing."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import yaml

from tests.package.environments import ROOT
from tokenspec import __version__
from tokenspec.reference_server.alterations.catalogue import DEFECTS

FORMS = sorted(
    path for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml"
)


def form(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE" / name).read_text())
    return found


@pytest.mark.parametrize("name", [path.name for path in FORMS])
def test_a_form_has_what_its_host_wants(name: str) -> None:
    made = form(name)
    assert made["name"]
    assert made["description"]
    asked = [part for part in made["body"] if part["type"] != "markdown"]
    assert len({part["id"] for part in asked}) == len(asked)
    assert all(part["attributes"]["label"] for part in asked)
    for part in asked:
        assert part["type"] in {"input", "textarea", "dropdown"}
        assert ("options" in part["attributes"]) is (part["type"] == "dropdown")


def test_a_wrong_verdict_is_told_so_that_it_can_be_judged() -> None:
    parts = form("wrong-verdict.yml")["body"]
    needed = {p.get("id") for p in parts if p.get("validations", {}).get("required")}
    assert {"kind", "case", "version", "sentence", "finding", "again"} <= needed


def test_hooks_before_a_commit_are_the_tools_of_the_environment() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    installed = {line.partition(">")[0] for line in project["optional-dependencies"]["dev"]}
    for repo in config["repos"]:
        assert repo["repo"] == "local"
        for hook in repo["hooks"]:
            assert hook["language"] == "system"
            assert hook["entry"].partition(" ")[0] in installed


def test_the_changelog_has_this_version_and_what_comes_next() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    versions = [line for line in lines if line.startswith("## ")]
    assert versions[0] == "## Unreleased"
    assert versions[1].startswith(f"## {__version__} - ")
    headings = {line.removeprefix("### ") for line in lines if line.startswith("### ")}
    assert headings <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_defect_shown_to_contributors_is_one() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    shown = DEFECTS["code.long_lived"]
    assert f'"{shown.name}",\n    "{shown.requirement}",\n    "{shown.summary}",' in text
    assert list(shown.guards) == ["code.unexpired"]
    assert "`code__unexpired` is `code.unexpired`" in text


def test_the_quick_gate_names_what_there_is() -> None:
    script = (ROOT / ".ci/quick").read_text(encoding="utf-8")
    folders = script.partition("$tests/{")[2].partition("}")[0].split(",")
    assert len(folders) > 4
    assert all((ROOT / "tests/conformance" / name).is_dir() for name in folders)
