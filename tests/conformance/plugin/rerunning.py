"""A plugin that runs each failed item twice more, as pytest-rerunfailures does."""

from __future__ import annotations

import pytest

RERUNS = 2


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Report each attempt, all but the last as `rerun`."""
    runner = item.config.pluginmanager.getplugin("runner")
    for attempt in range(RERUNS + 1):
        reports = runner.runtestprotocol(item, nextitem=nextitem, log=False)
        again = attempt < RERUNS and any(report.failed for report in reports)
        for report in reports:
            if again and report.failed:
                report.outcome = "rerun"  # type: ignore[assignment]
            item.ihook.pytest_runtest_logreport(report=report)
        if not again:
            break
    return True
