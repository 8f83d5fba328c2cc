"""The names a scenario may use: requirements, capabilities, checks. Where the tables meet."""

from __future__ import annotations

import functools

from tokenspec.conformance.checks import CHECKS
from tokenspec.conformance.registry import Registry
from tokenspec.conformance.scenario.loader import Vocabulary
from tokenspec.conformance.target.capabilities import CAPABILITIES

__all__ = ["vocabulary"]


@functools.cache
def vocabulary() -> Vocabulary:
    """The vocabulary of this release: what `load_file` and `load_folders` hold scenarios to."""
    return Vocabulary(
        requirement=Registry.load().problem, needs=tuple(CAPABILITIES), checks=tuple(CHECKS)
    )
