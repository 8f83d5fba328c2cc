"""Which of the collected variants a session runs: `--oauth-select`, then quick, then the shard."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.errors import UsageError
from conformance.plugin.nodes import VariantItem, keep, order, select
from conformance.plugin.options import RUN
from conformance.registry import Registry
from conformance.run.conclusion import ExitCode
from conformance.run.narrowing import quick, read_shard
from conformance.scenario.model import Variant

Choice = Callable[[list[Variant]], list[Variant]]


def narrow(config: pytest.Config, items: list[pytest.Item]) -> bool:
    """Keep what the options leave; what looks at every answer of the run goes last.

    Returns whether the session is a shard that has nothing to do, though others have.
    """
    select(config, items)
    if config.getoption("oauth_quick"):
        _keep(config, items, lambda variants: quick(variants, _binding(config), _applies(config)))
    shard = config.getoption("oauth_shard")
    selected = bool(_variants(items))
    if shard:
        try:
            _keep(config, items, read_shard(shard).of)
        except UsageError as error:
            pytest.exit(str(error), ExitCode.WRONG_USAGE)
    order(items)
    return selected and not _variants(items)


def _variants(items: list[pytest.Item]) -> list[Variant]:
    return [item.variant for item in items if isinstance(item, VariantItem)]


def _keep(config: pytest.Config, items: list[pytest.Item], choose: Choice) -> None:
    keys = {variant.key for variant in choose(_variants(items))}
    keep(config, items, lambda variant: variant.key in keys)


def _binding(config: pytest.Config) -> Callable[[Variant], bool]:
    """By the level under the profile, where that is known: the target is open already."""
    opened = config.stash[RUN].opened

    def binding(variant: Variant) -> bool:
        row = Registry.load().get(variant.requirement)
        level = opened.setup.in_force(variant).level if opened else row.level
        return str(level).startswith("MUST")

    return binding


def _applies(config: pytest.Config) -> Callable[[Variant], bool]:
    """Known only where the target is open already; nothing is sent while cases are collected."""
    opened = config.stash[RUN].opened
    return lambda variant: opened is None or not opened.setup.missing(variant.needs)
