"""Items whose finding is in doubt go last: it is confirmed when all others have been played.

In its place it would hold up the findings of all after it, and what memory they take.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

import pytest

from tokenspec.conformance.plugin.nodes import CaseItem
from tokenspec.conformance.scenario.model import Case


class Deferring:
    """Moves items to the end of a session's list while pytest goes through it.

    pytest names the next item to the one it runs, so that an item is looked at when the one two
    places before it has ended.

    Args:
        settled: waits until a case was played, and says whether its finding counts as it is.
    """

    def __init__(self, settled: Callable[[Case], bool]) -> None:
        self._settled = settled
        self._begun = 0  # items
        self._deferred = 0  # items, at the end of the list

    def begin(self, items: list[pytest.Item]) -> None:
        """See to the first two, before any is run."""
        for place in (0, 1):
            self._fill(items, place)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """See to the item that will be named as the next when the next one is run."""
        self._begun += 1
        result = yield
        self._fill(item.session.items, self._begun + 1)
        return result

    def _fill(self, items: list[pytest.Item], place: int) -> None:
        """Have an item in this place whose finding can be told, while there is one."""
        while place < len(items) - self._deferred:
            item = items[place]
            if not isinstance(item, CaseItem) or self._settled(item.case):
                return
            items.append(items.pop(place))
            self._deferred += 1
