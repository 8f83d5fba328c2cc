"""kill -9 at any moment loses nothing that was judged, and `--resume` plays only the rest.

`python -m tests.conformance.record.killed` does the same with whole runs, at ten random moments.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.conformance.record.killed import Runs, changed, differing, runs, twice

SELECT = ("--select", "pkce-verifier-wrong", "--select", "success-envelope", "--jobs", "2")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    with runs(tmp_path_factory.mktemp("killed"), *SELECT, "--seed", "7") as made:
        yield made


def test_a_run_that_was_killed_twice_ends_as_one_that_was_not(run: Runs) -> None:
    assert run() == 1
    whole, requests = run.findings(), run.server.asked
    assert run(last=requests * 2 // 3) == -signal.SIGKILL
    kept = run.findings()
    assert 0 < len(kept) < len(whole)
    # the preflight of the second run is not over yet, so that nothing new was judged
    assert run.go_on(last=2) == -signal.SIGKILL
    assert changed(kept, run.findings()) == []
    assert run.go_on() == 1
    after = run.findings()
    assert twice(after) == []
    assert changed(kept, after) == []
    assert differing(whole, after) == []
