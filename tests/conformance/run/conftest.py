"""Servers that tests of runs share, and the command in a folder for each."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.run.command import MUST, SHOULD, Gate, serving


@pytest.fixture(scope="module")
def good() -> Iterator[str]:
    yield from serving()


@pytest.fixture(scope="module")
def must_fails() -> Iterator[str]:
    yield from serving(MUST)


@pytest.fixture(scope="module")
def should_fails() -> Iterator[str]:
    yield from serving(SHOULD)


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


@pytest.fixture
def heeding() -> Iterator[None]:
    """What is started heeds Ctrl-C, though a shell has what runs in its background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
