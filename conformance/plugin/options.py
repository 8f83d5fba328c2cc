"""The plugin's options, what they are in a session, and which files are scenarios.

Light: imported by every pytest run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tokenspec.conformance.scenario.catalogue import BUNDLED, SCHEMA_NAME

REPORT_DIR = "tokenspec-report"
# the options that bear on verdicts, which the record's header holds
SETTINGS = (
    "profile", "scenarios", "fail_on", "strict", "select", "rate", "shard", "quick",
)  # fmt: skip
HELP: tuple[tuple[str, dict[str, Any]], ...] = (
    ("target", {"metavar": "FILE", "help": "target file; default: the bundled server"}),
    (
        "scenarios",
        {"metavar": "DIR", "action": "append", "help": "also run the scenarios of this folder"},
    ),
    (
        "select",
        {
            "metavar": "WHAT",
            "action": "append",
            "help": "run only this area, scenario, case (scenario/case) or requirement",
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
        {
            "action": "store_true",
            "help": "fail when another error code is returned than the one named",
        },
    ),
    (
        "waivers",
        {"metavar": "FILE", "help": "file of known failures, with reason, owner and last day"},
    ),
    (
        "baseline",
        {
            "metavar": "RECORD",
            "help": "older record: only failures that are new since then fail the run",
        },
    ),
    (
        "quick",
        {
            "action": "store_true",
            "help": "run the few cases that notice most faults, for a pull request",
        },
    ),
    (
        "oracle",
        {
            "choices": ("sample", "all"),
            "default": "sample",
            "help": "which cases the reference server plays as well: those that do not pass and a "
            "sample of the others (default), or all",
        },
    ),
    ("shard", {"metavar": "i/n", "help": "run the i-th of n parts of the suite"}),
    (
        "seed",
        {"metavar": "N", "type": int, "help": "seed for verifiers and made-up values"},
    ),
    (
        "start",
        {"metavar": "CMD", "help": "start a server with this command line and stop it afterwards"},
    ),
    ("wait-for", {"metavar": "URL", "help": "wait until this URL answers with status 200 to 399"}),
    (
        "wait-seconds",
        {
            "metavar": "N",
            "type": float,
            "default": 60.0,
            "help": "how long to wait for it, in seconds; default 60",
        },
    ),
    ("jobs", {"metavar": "N", "type": int, "help": "number of cases played at once"}),
    ("rate", {"metavar": "PER_SECOND", "type": float, "help": "at most so many requests a second"}),
    ("report-dir", {"metavar": "DIR", "help": "output directory for the record and reports"}),
    (
        "progress",
        {
            "choices": ("live", "plain", "dots"),
            "help": "how progress is shown; 'tokenspec run' uses live on a terminal, "
            "plain elsewhere and in CI",
        },
    ),
    (
        "resume",
        {
            "metavar": "RECORD",
            "help": "keep the verdicts of a run that ended early, and run the rest",
        },
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


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What is asked of the run of one session; texts are empty where nothing is."""

    target: str  # a file; without one the bundled server
    scenarios: tuple[Path, ...]  # folders beside the bundled one
    select: tuple[str, ...]
    profile: str
    fail_on: str
    strict: bool
    waivers: str
    baseline: str
    quick: bool
    oracle: str  # a value of `OracleShare`
    shard: str
    seed: int | None
    start: str
    wait_for: str
    wait_seconds: float
    jobs: int | None
    rate: float | None
    report_dir: Path
    progress: str
    resume: str
    formats: tuple[str, ...]
    settings: Mapping[str, Any]  # those of `SETTINGS`, as they were given


def run_options(config: pytest.Config) -> RunOptions:
    """What the options of a session ask for."""

    def option(name: str) -> Any:
        return config.getoption(f"oauth_{name}")

    return RunOptions(
        target=option("target") or "",
        scenarios=tuple(map(Path, option("scenarios") or ())),
        select=tuple(option("select") or ()),
        profile=option("profile") or "",
        fail_on=option("fail_on"),
        strict=option("strict"),
        waivers=option("waivers") or "",
        baseline=option("baseline") or "",
        quick=option("quick"),
        oracle=option("oracle"),
        shard=option("shard") or "",
        seed=option("seed"),
        start=option("start") or "",
        wait_for=option("wait_for") or "",
        wait_seconds=option("wait_seconds"),
        jobs=option("jobs"),
        rate=option("rate"),
        report_dir=Path(option("report_dir") or REPORT_DIR),
        progress=option("progress") or "",
        resume=option("resume") or "",
        formats=tuple(option("formats") or ()),
        settings={name: option(name) for name in SETTINGS},
    )


def is_scenario_file(path: Path, config: pytest.Config) -> bool:
    """Whether a file is ours: below a folder of scenarios, or naming our schema in its first line.

    Other people's YAML is never touched.
    """
    if path.suffix != ".yaml" or path.is_fifo():
        return False
    more = config.getoption("oauth_scenarios") or ()
    folders = (BUNDLED, *(Path(folder).resolve() for folder in more))
    if any(path.resolve().is_relative_to(folder) for folder in folders):
        return True
    try:
        with path.open("rb") as file:
            return SCHEMA_NAME.encode() in file.readline(500)
    except OSError:  # whose it is cannot be told, and it may be anybody's
        return False


def wants_page(config: pytest.Config) -> bool:
    """Whether pytest-html writes a page for a run of scenarios."""
    loaded = any(map(config.pluginmanager.has_plugin, ("html", "pytest_html.plugin")))
    if not loaded or not config.getoption("htmlpath", None):
        return False
    named = [Path(argument.split("::")[0]).resolve() for argument in config.args]
    ours = any(path.is_relative_to(BUNDLED) for path in named)
    return ours or bool(config.getoption("oauth_target") or config.getoption("oauth_scenarios"))
