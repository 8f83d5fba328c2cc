"""The pytest plugin: scenario files become test items. A face of the engine, with no own rules.

Loaded in every pytest run of an environment that has tokenspec installed, so whatever is heavy is
imported only when a scenario is collected.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.plugin.options import RUN, add_options, is_scenario_file, wants_page


def pytest_addoption(parser: pytest.Parser) -> None:
    """Every option of `tokenspec run`, with the prefix `--oauth-`."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Begin a run's state; nothing is read or sent yet."""
    from conformance.plugin.run import RunPlugin

    if config.pluginmanager.has_plugin("tokenspec-run"):
        return
    run = RunPlugin(config)
    config.stash[RUN] = run
    config.pluginmanager.register(run, "tokenspec-run")
    if wants_page(config):
        from conformance.plugin.page import RunPage

        config.pluginmanager.register(RunPage(run), "tokenspec-page")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A scenario file becomes a tree: file, scenario, variant."""
    if not is_scenario_file(file_path, parent.config):
        return None
    from conformance.plugin.nodes import ScenarioFile

    return ScenarioFile.from_parent(parent, path=file_path)
