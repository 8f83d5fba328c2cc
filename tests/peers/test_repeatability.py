"""What is compared where the suite is played again at a peer."""

from __future__ import annotations

import pytest

from tests.peers.repeatability import Run, differing


@pytest.mark.parametrize(
    ("told", "differs"),
    [
        (("pass", "pass", "pass"), False),
        (("pass", "fail", "pass"), True),
        (("pass", "unsteady", "pass"), False),
        (("pass", "", "pass"), True),
    ],
)
def test_what_two_runs_say_otherwise_is_named(*, told: tuple[str, ...], differs: bool) -> None:
    runs = [Run(1, 1.0, {"a/b": verdict} if verdict else {}) for verdict in told]
    assert bool(list(differing(runs))) is differs
