"""The command in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.run.command import Gate


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)
