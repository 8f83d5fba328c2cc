"""The bundled suite as a campaign needs it: read once a process."""

from __future__ import annotations

import functools

from tokenspec.conformance.scenario.catalogue import BUNDLED
from tokenspec.conformance.scenario.loader import load_folders
from tokenspec.conformance.scenario.model import Scenario
from tokenspec.conformance.vocabulary import vocabulary


@functools.cache
def bundled_suite() -> tuple[Scenario, ...]:
    """Every scenario of the bundled suite."""
    return tuple(load_folders([BUNDLED], vocabulary()))
