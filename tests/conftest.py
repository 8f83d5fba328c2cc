"""How tests are run: properties never by the clock, and the longest tests first."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("without-a-deadline", deadline=None)
settings.load_profile("without-a-deadline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole suites at servers of others: begun last, they are all that is left, one by one."""
    items.sort(key=lambda item: "peers" not in item.path.parts)
