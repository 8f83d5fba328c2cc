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
