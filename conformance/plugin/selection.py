"""Which of the collected cases a session runs: `--oauth-select`, then quick, then the shard."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.plugin.nodes import CaseItem, keep, order, select
from tokenspec.conformance.plugin.options import RUN
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.conformance.registry import Registry
from tokenspec.conformance.run.selection import quick, read_shard
from tokenspec.conformance.scenario.model import Case

Choice = Callable[[list[Case]], list[Case]]


def narrow(config: pytest.Config, items: list[pytest.Item]) -> bool:
    """Keep what the options leave; what looks at every answer of the run goes last.

    Returns whether the session is a shard that has nothing to do, though others have.
    """
    select(config, items)
    if config.getoption("oauth_quick"):
        _keep(config, items, lambda cases: quick(cases, _binding(config), _applies(config)))
    shard = config.getoption("oauth_shard")
    selected = bool(_cases(items))
    if shard:
        try:
            _keep(config, items, read_shard(shard).of)
        except UsageError as error:
            pytest.exit(str(error), ExitCode.WRONG_USAGE)
    order(items)
    return selected and not _cases(items)


def _cases(items: list[pytest.Item]) -> list[Case]:
    return [item.case for item in items if isinstance(item, CaseItem)]


def _keep(config: pytest.Config, items: list[pytest.Item], choose: Choice) -> None:
    keys = {case.key for case in choose(_cases(items))}
    keep(config, items, lambda case: case.key in keys)


def _binding(config: pytest.Config) -> Callable[[Case], bool]:
    """By the level under the profile, where that is known: the target is open already."""
    opened = config.stash[RUN].opened

    def binding(case: Case) -> bool:
        row = Registry.load().get(case.requirement)
        level = opened.setup.effective(case).level if opened else row.level
        return str(level).startswith("MUST")

    return binding


def _applies(config: pytest.Config) -> Callable[[Case], bool]:
    """Known only where the target is open already; nothing is sent while cases are collected."""
    opened = config.stash[RUN].opened
    return lambda case: opened is None or not opened.setup.missing(case.needs)
