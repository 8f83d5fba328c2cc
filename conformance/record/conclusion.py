"""What a run as a whole says, and the exit code that says it to a gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any

from tokenspec.conformance.errors import (
    HarnessError,
    Nonconformance,
    TargetUnusable,
    TokenspecError,
    WrongUsage,
)
from tokenspec.conformance.verdicts import Verdict

JUDGED = ("pass", "fail", "warn", "observe", "deviation", "waived", "stale-waiver")


class ExitCode(IntEnum):
    """pytest's own exit codes, and one more."""

    CONFORMS = 0
    NONCONFORMITIES = 1
    INTERRUPTED = 2
    HARNESS_FAULT = 3
    WRONG_USAGE = 4
    NOTHING_SELECTED = 5
    NOT_ESTABLISHED = 6


MEANING: Mapping[ExitCode, str] = MappingProxyType(
    {
        ExitCode.CONFORMS: "conforms",
        ExitCode.NONCONFORMITIES: "nonconformities: a MUST is broken (`--fail-on should` counts "
        "SHOULDs, `--fail-on never` none), or a waiver is no longer true",
        ExitCode.INTERRUPTED: "interrupted",
        ExitCode.HARNESS_FAULT: "a fault of tokenspec, and no MUST was seen broken beside it",
        ExitCode.WRONG_USAGE: "wrong usage or file",
        ExitCode.NOTHING_SELECTED: "nothing selected",
        ExitCode.NOT_ESTABLISHED: "not established: target unreachable, login failed, a MUST "
        "could not run, or more MUSTs are unsteady than anything is said of",
    }
)


OF_ERRORS: Mapping[type[TokenspecError], ExitCode] = MappingProxyType(
    {
        HarnessError: ExitCode.HARNESS_FAULT,
        WrongUsage: ExitCode.WRONG_USAGE,
        TargetUnusable: ExitCode.NOT_ESTABLISHED,
        Nonconformance: ExitCode.NONCONFORMITIES,
        TokenspecError: ExitCode.NOT_ESTABLISHED,
    }
)


class Ended(StrEnum):
    """Which way a run ended. Only a complete one has a finding for each case that was chosen."""

    COMPLETE = "complete"
    INTERRUPTED = "interrupted"  # by Ctrl-C, or by the machine that ran it
    TARGET_LOST = "target-lost"  # the target stopped answering
    OUT_OF_TIME = "out-of-time"  # it took longer than the target file allows
    STOPPED = "stopped"  # by an option such as pytest's --maxfail


GIVEN_UP = (Ended.TARGET_LOST, Ended.OUT_OF_TIME)


@dataclass(slots=True)
class Tally:
    """The findings of a run counted as they come."""

    fail_on: str = "must"
    counts: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)  # those that the baseline has already
    unconfirmed: Counter[str] = field(default_factory=Counter)  # broken, and not played again
    waiver_problems: int = 0  # waivers that are expired, unused or stale
    faults: int = 0  # of the harness
    unestablished: int = 0  # MUSTs that could not run, or were broken and not played again
    judged_musts: int = 0  # of which something is said
    unsteady_musts: int = 0  # of which two plays said two things
    ended: Ended = Ended.COMPLETE
    left: int = 0  # cases that were chosen and not examined
    empty: bool = False  # the run is a shard that has nothing to do
    at_once: Sequence[int] = ()  # how many cases were played at once, the first number first

    def add(self, finding: Mapping[str, Any]) -> None:
        """Count one finding, given as its line of the record."""
        self.counts[finding["verdict"]] += 1
        must = finding["level"].startswith("MUST")
        self.judged_musts += must and finding["verdict"] in JUDGED
        self.unsteady_musts += must and finding["verdict"] == Verdict.UNSTEADY
        if finding.get("known"):
            self.known[finding["verdict"]] += 1
            return
        unconfirmed = finding.get("confirmed") is False
        self.unconfirmed[finding["verdict"]] += unconfirmed
        open_ = unconfirmed or finding["verdict"] == Verdict.COULD_NOT_RUN
        self.unestablished += open_ and must

    @property
    def failures(self) -> int:
        """Findings and waivers that fail the run, as `fail_on` has it."""
        if self.fail_on == "never":
            return 0
        failing = ("fail", "warn") if self.fail_on == "should" else ("fail",)
        excused = self.known + self.unconfirmed
        new = sum(self.counts[verdict] - excused[verdict] for verdict in failing)
        return new + self.counts["stale-waiver"] + self.waiver_problems

    @property
    def unsteady(self) -> bool:
        """Whether two plays differed so often that the rest shows little.

        One race that went wrong once turns no gate red; a server that answers by luck passes none.
        """
        return self.unsteady_musts > self.judged_musts

    @property
    def exit_code(self) -> ExitCode:
        """The gravest thing that can be said."""
        judged = sum(self.counts[v] for v in JUDGED)
        if self.ended is Ended.INTERRUPTED:
            return ExitCode.INTERRUPTED
        if self.failures:
            return ExitCode.NONCONFORMITIES
        if self.faults:
            return ExitCode.HARNESS_FAULT
        if self.unestablished or self.unsteady or self.ended in GIVEN_UP:
            return ExitCode.NOT_ESTABLISHED
        if not judged and not self.empty:
            return ExitCode.NOT_ESTABLISHED
        return ExitCode.CONFORMS


def tally(findings: Iterable[Mapping[str, Any]], fail_on: str = "must") -> Tally:
    """The finding lines of a record counted."""
    counted = Tally(fail_on)
    for finding in findings:
        counted.add(finding)
    return counted


def exit_code_of(error: TokenspecError) -> ExitCode:
    """The exit code an error stands for."""
    return exit_code_of_class(type(error))


def exit_code_of_class(kind: type[TokenspecError]) -> ExitCode:
    """The exit code that every error of a class stands for."""
    return next(code for above, code in OF_ERRORS.items() if issubclass(kind, above))
