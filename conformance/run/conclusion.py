"""What a run as a whole says, and the exit code that says it to a gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from conformance.play.verdicts import Verdict

FAIL_ON = ("must", "should", "never")


class ExitCode(IntEnum):
    """pytest's own exit codes, and one more."""

    CONFORMS = 0
    NONCONFORMITIES = 1
    INTERRUPTED = 2
    HARNESS_FAULT = 3
    WRONG_USAGE = 4
    NOTHING_SELECTED = 5
    NOT_ESTABLISHED = 6


@dataclass(slots=True)
class Tally:
    """The findings of a run counted as they come."""

    fail_on: str = "must"
    counts: Counter[str] = field(default_factory=Counter)
    faults: int = 0  # of the harness
    unestablished: int = 0  # MUSTs that could not run

    def add(self, finding: Mapping[str, Any]) -> None:
        """Count one finding, given as its line of the record."""
        self.counts[finding["verdict"]] += 1
        if finding["verdict"] == Verdict.COULD_NOT_RUN and finding["level"].startswith("MUST"):
            self.unestablished += 1

    @property
    def failures(self) -> int:
        """Findings that fail the run, as `fail_on` has it."""
        failing = {"must": ("fail",), "should": ("fail", "warn"), "never": ()}[self.fail_on]
        return sum(self.counts[verdict] for verdict in (*failing, "stale-waiver"))

    @property
    def exit_code(self) -> ExitCode:
        """The gravest thing that can be said."""
        judged = sum(self.counts[v] for v in ("pass", "fail", "warn", "observe", "deviation"))
        if self.faults:
            return ExitCode.HARNESS_FAULT
        if self.failures:
            return ExitCode.NONCONFORMITIES
        if self.unestablished or not judged:
            return ExitCode.NOT_ESTABLISHED
        return ExitCode.CONFORMS


def tally(findings: Iterable[Mapping[str, Any]], fail_on: str = "must") -> Tally:
    """The finding lines of a record counted."""
    counted = Tally(fail_on)
    for finding in findings:
        counted.add(finding)
    return counted
