"""Servers that tests of runs share, and the command in a folder for each."""

from __future__ import annotations

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
