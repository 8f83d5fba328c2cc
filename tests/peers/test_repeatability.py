"""What is compared where the suite is played again at a peer."""

from __future__ import annotations

import pytest

from tests.peers.repeatability import Run, by_luck, differing


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


@pytest.mark.parametrize("raced", [2, 1, 0])
def test_a_race_may_come_out_otherwise_where_it_was_run_as_one_each_time(*, raced: int) -> None:
    races = [frozenset({"a/b"} if number < raced else ()) for number in range(2)]
    runs = [Run(1, 1.0, {"a/b": v}, r) for v, r in zip(("pass", "fail"), races, strict=True)]
    assert [key for key, _ in differing(runs)] == ["a/b"]
    assert by_luck(runs, "a/b") is (raced == 2)
