"""What was seen wrong, apart from the case that saw it: told once where many cases saw the same.

Only faults of form are taken together: an error that every refusal has, a member that every answer
lacks. What was granted and should not have been is another matter in each case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tokenspec.reports.record import Line

FORM = ("wrong-error", "wrong-envelope", "server-error")
_PLACES = re.compile(r" \((?:[^()]|\([^()]*\))*\)")  # where an answer was seen to have it
_STATUS_ALONE = re.compile(r"status \d+")
_NUMBER = re.compile(r"-\d+$")  # of a step that is not the first of its kind


def step_kind(finding: Line) -> str:
    """What kind of request a finding was decided at: its step without a number."""
    return _NUMBER.sub("", str(finding["step"]))


@dataclass(frozen=True, slots=True)
class Symptom:
    """What several findings may have in common.

    `step` is the kind of request; `expected` is empty where what was seen is wrong whatever the
    case expected.
    """

    verdict: str
    kind: str
    step: str
    seen: str
    expected: str = ""

    @classmethod
    def of(cls, finding: Line) -> Symptom | None:
        """The symptom of a finding; None where it is told by itself."""
        kind, note = str(finding["kind"]), str(finding["note"])
        if kind not in FORM:
            return None
        if finding.get("seen_in"):
            seen = _PLACES.sub("", finding["observed"])
        elif kind == "server-error" or not note:
            seen = str(finding["observed"])
        else:
            seen = note
        any_error = kind != "wrong-error" or _STATUS_ALONE.fullmatch(seen) is not None
        expected = "" if any_error else str(finding["expected"])
        return cls(str(finding["verdict"]), kind, step_kind(finding), seen, expected)


class Told:
    """Which symptoms were told already, and by which case."""

    def __init__(self) -> None:
        self._first: dict[Symptom, str] = {}

    def before(self, finding: Line) -> str:
        """The case that told the symptom of this one; empty if it is the first, or has none."""
        symptom = Symptom.of(finding)
        if symptom is None:
            return ""
        first = self._first.setdefault(symptom, finding["key"])
        return "" if first == finding["key"] else first


def alike(findings: Iterable[Line]) -> list[list[Line]]:
    """The findings of one symptom together, in the order of the first of each."""
    found: dict[object, list[Line]] = {}
    for finding in findings:
        found.setdefault(Symptom.of(finding) or finding["key"], []).append(finding)
    return list(found.values())
