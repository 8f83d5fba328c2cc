"""The plugin's options, and which files are scenarios. Light: imported by every pytest run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tokenspec.conformance.scenario.catalogue import BUNDLED, SCHEMA_NAME

if TYPE_CHECKING:
    from tokenspec.conformance.plugin.run import RunPlugin

RUN: pytest.StashKey[RunPlugin] = pytest.StashKey()
HELP: tuple[tuple[str, dict[str, Any]], ...] = (
    ("target", {"metavar": "FILE", "help": "target file; without it the bundled server"}),
    (
        "scenarios",
        {"metavar": "DIR", "action": "append", "help": "more scenarios, beside the bundled ones"},
    ),
    (
        "select",
        {
            "metavar": "WHAT",
            "action": "append",
            "help": "an area, a scenario, a case (scenario/case) or a requirement",
        },
    ),
    ("profile", {"metavar": "NAME", "help": "profile to judge by; default the target file's"}),
    (
        "fail-on",
        {
            "choices": ("must", "should", "never"),
            "default": "must",
            "help": "what makes the run fail: broken MUSTs (default), also SHOULDs, or nothing",
        },
    ),
    (
        "strict",
        {"action": "store_true", "help": "another error code than the one named is a failure"},
    ),
    (
        "waivers",
        {"metavar": "FILE", "help": "known failures, with reason, owner, last day"},
    ),
    (
        "baseline",
        {"metavar": "RECORD", "help": "an older record: only what is new since then fails the run"},
    ),
    (
        "quick",
        {"action": "store_true", "help": "one case for each MUST: for a pull request"},
    ),
    ("shard", {"metavar": "i/n", "help": "the i-th of n parts; together they are the whole run"}),
    (
        "seed",
        {"metavar": "N", "type": int, "help": "draw verifiers and made-up values from this number"},
    ),
    (
        "start",
        {"metavar": "CMD", "help": "start a server with this command line, and end it afterwards"},
    ),
    ("wait-for", {"metavar": "URL", "help": "wait until this URL answers with status 200 to 399"}),
    (
        "wait-seconds",
        {"metavar": "N", "type": float, "default": 60.0, "help": "how long to wait; default 60"},
    ),
    ("jobs", {"metavar": "N", "type": int, "help": "cases played at once"}),
    ("rate", {"metavar": "PER_SECOND", "type": float, "help": "most requests a second"}),
    ("report-dir", {"metavar": "DIR", "help": "where the record and reports go"}),
    (
        "progress",
        {
            "choices": ("live", "plain", "dots"),
            "help": "how the run is told while it lasts; 'tokenspec run' has live on a terminal, "
            "plain elsewhere and in CI",
        },
    ),
    (
        "resume",
        {"metavar": "RECORD", "help": "take over what a run that ended early had judged"},
    ),
    (
        "formats",
        {
            "metavar": "NAMES",
            "action": "append",
            "help": "further reports, with commas: markdown, junit, sarif, ctrf, github, all",
        },
    ),
)


def add_options(parser: pytest.Parser) -> None:
    """Add the group `tokenspec`."""
    group = parser.getgroup("tokenspec", "conformance of OAuth 2.0 token endpoints")
    for name, settings in HELP:
        destination = "oauth_" + name.replace("-", "_")
        group.addoption(f"--oauth-{name}", dest=destination, **settings)


def is_scenario_file(path: Path, config: pytest.Config) -> bool:
    """Whether a file is ours: below a folder of scenarios, or naming our schema in its first line.

    Other people's YAML is never touched.
    """
    if path.suffix != ".yaml":
        return False
    more = config.getoption("oauth_scenarios") or ()
    folders = (BUNDLED, *(Path(folder).resolve() for folder in more))
    if any(path.resolve().is_relative_to(folder) for folder in folders):
        return True
    with path.open("rb") as file:
        return SCHEMA_NAME.encode() in file.readline(500)


def wants_page(config: pytest.Config) -> bool:
    """Whether pytest-html writes a page for a run of scenarios."""
    loaded = any(map(config.pluginmanager.has_plugin, ("html", "pytest_html.plugin")))
    if not loaded or not config.getoption("htmlpath", None):
        return False
    named = [Path(argument.split("::")[0]).resolve() for argument in config.args]
    ours = any(path.is_relative_to(BUNDLED) for path in named)
    return ours or bool(config.getoption("oauth_target") or config.getoption("oauth_scenarios"))
