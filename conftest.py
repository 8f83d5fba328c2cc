"""Makes a bare `pytest` in the checkout work, installed or not; nothing else."""

from __future__ import annotations

from importlib.metadata import entry_points

PLUGIN = "tokenspec.conformance.plugin"

if not any(entry.value == PLUGIN for entry in entry_points(group="pytest11")):
    pytest_plugins = [PLUGIN]
