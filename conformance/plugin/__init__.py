"""The pytest plugin: scenario files become test items. A face of the engine, with no own rules.

Loaded in every pytest run of an environment that has tokenspec installed, so whatever is heavy is
imported only when a scenario is collected.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tokenspec.conformance.plugin.options import add_options, is_scenario_file, wants_page

if TYPE_CHECKING:
    from tokenspec.conformance.plugin.run import ScenarioRun

RUN: pytest.StashKey[ScenarioRun] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Every option of `tokenspec run`, with the prefix `--oauth-`."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Begin at once where hooks before collection are needed: a page, or workers to listen to."""
    if wants_page(config) or config.getoption("numprocesses", None):
        begin(config)


def begin(config: pytest.Config) -> ScenarioRun:
    """The run of the session, made when first asked for; nothing is read or sent yet."""
    from tokenspec.conformance.plugin.run import ScenarioRun

    if RUN not in config.stash:
        run = config.stash[RUN] = ScenarioRun(config)
        run.register(config.pluginmanager)
        if wants_page(config):
            from tokenspec.conformance.plugin.page import RunPage

            page = RunPage(config, run.recording, run.target)
            config.pluginmanager.register(page, "tokenspec-page")
    return config.stash[RUN]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A scenario file becomes a tree: file, scenario, case."""
    if not is_scenario_file(file_path, parent.config):
        return None
    from tokenspec.conformance.plugin.nodes import ScenarioFile

    run = begin(parent.config)
    return ScenarioFile.from_parent(
        parent, path=file_path, examine=run.examine, problems=run.problems, places=run.places
    )
