"""What a run as a whole says: one fault of ours hides no verdict of the target."""

from __future__ import annotations

import pytest

from tokenspec.conformance.record.conclusion import ExitCode, Tally


@pytest.mark.parametrize(
    ("verdict", "faults", "code"),
    [
        ("pass", 0, ExitCode.CONFORMS),
        ("pass", 1, ExitCode.HARNESS_FAULT),
        ("warn", 1, ExitCode.HARNESS_FAULT),
        ("could-not-run", 1, ExitCode.HARNESS_FAULT),
        ("could-not-run", 0, ExitCode.NOT_ESTABLISHED),
        ("fail", 0, ExitCode.NONCONFORMITIES),
        ("fail", 1, ExitCode.NONCONFORMITIES),
    ],
)
def test_the_gravest_thing_known_is_said(verdict: str, faults: int, code: ExitCode) -> None:
    tally = Tally(faults=faults)
    tally.add({"verdict": verdict, "level": "MUST"})
    assert tally.exit_code is code


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (["unsteady"], ExitCode.NOT_ESTABLISHED),
        (["unsteady", "not-applicable"], ExitCode.NOT_ESTABLISHED),
        (["unsteady", "pass"], ExitCode.CONFORMS),
        (["unsteady", "observe"], ExitCode.CONFORMS),
        (["unsteady", "unsteady", "pass"], ExitCode.NOT_ESTABLISHED),
        (["unsteady", "unsteady", "fail"], ExitCode.NONCONFORMITIES),
        (["unsteady", "could-not-run", "pass", "pass"], ExitCode.NOT_ESTABLISHED),
    ],
)
def test_what_is_mostly_unsteady_is_not_established(verdicts: list[str], code: ExitCode) -> None:
    """One race that went wrong once turns no gate red."""
    tally = Tally()
    for verdict in verdicts:
        tally.add({"verdict": verdict, "level": "MUST"})
    assert tally.exit_code is code


def test_what_may_be_left_out_and_is_unsteady_hides_no_must() -> None:
    tally = Tally()
    for _ in range(3):
        tally.add({"verdict": "unsteady", "level": "SHOULD"})
    assert tally.exit_code is ExitCode.NOT_ESTABLISHED  # nothing else was seen
    tally.add({"verdict": "pass", "level": "MUST"})
    assert tally.exit_code is ExitCode.CONFORMS


def test_what_the_baseline_has_is_said_of_the_target_too() -> None:
    tally = Tally()
    tally.add({"verdict": "fail", "level": "MUST", "known": True})
    tally.add({"verdict": "unsteady", "level": "MUST"})
    assert tally.exit_code is ExitCode.CONFORMS
