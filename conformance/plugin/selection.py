"""Which of the collected cases a session runs: `--oauth-select`, then quick, then the shard."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.plugin.nodes import CaseItem
from tokenspec.conformance.plugin.options import RunOptions
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.conformance.run.order import waits
from tokenspec.conformance.run.selection import quick, quick_list, read_shard, selected, unmatched
from tokenspec.conformance.scenario.model import Case


class Selection:
    """Keeps the cases that the options leave, and every item that is not ours.

    Args:
        options: of the session.
        known: what is known of the target, where it is open already; nothing is sent here.
    """

    def __init__(self, options: RunOptions, known: Callable[[], Setup | None]) -> None:
        self.collected: tuple[Case, ...] = ()
        self.unmatched: list[str] = []  # what to say of words of --oauth-select
        self.nothing_left = False  # for this shard, though others have something to do
        self._options = options
        self._known = known
        self._there: list[Case] = []  # before `-k` and `--lf` take some away

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """See what there is to name."""
        if isinstance(item, CaseItem):
            self._there.append(item.case)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Keep what the options leave; what looks at every answer goes last."""
        self.collected = cases_of(items)
        chosen = self._part(self._named(self.collected))
        _keep(config, items, chosen)
        # in their places, those that let time pass would hold up the findings of all after them
        items.sort(key=_place)

    def _named(self, cases: tuple[Case, ...]) -> list[Case]:
        """Those that `--oauth-select` names."""
        words = self._options.select
        if not words:
            return list(cases)
        self.unmatched += unmatched(words, self._there)
        return [case for case in cases if selected(case, words)]

    def _part(self, cases: list[Case]) -> list[Case]:
        """Of these the quick ones, and the part of this shard."""
        if self._options.quick:
            cases = quick(cases, quick_list(), self._applies)
        if not self._options.shard:
            return cases
        try:
            part = read_shard(self._options.shard).of(cases)
        except UsageError as error:
            pytest.exit(str(error), ExitCode.WRONG_USAGE)
        self.nothing_left = bool(cases) and not part
        return part

    def _applies(self, case: Case) -> bool:
        """Known only where the target is open."""
        known = self._known()
        return known is None or not known.missing(case.needs)


def cases_of(items: Iterable[pytest.Item]) -> tuple[Case, ...]:
    """The cases among the items of a session, in their order."""
    return tuple(item.case for item in items if isinstance(item, CaseItem))


def _keep(config: pytest.Config, items: list[pytest.Item], chosen: Iterable[Case]) -> None:
    keys = {case.key for case in chosen}
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        wanted = not isinstance(item, CaseItem) or item.case.key in keys
        (kept if wanted else left_out).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


def _place(item: pytest.Item) -> int:
    """What looks at every answer of the run last, and before it what lets time pass."""
    if not isinstance(item, CaseItem):
        return 0
    return 2 if item.case.every_response else int(waits(item.case))
