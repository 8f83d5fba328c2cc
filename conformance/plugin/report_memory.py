"""What is kept of a case to the end of a session: of thousands, only what is shown then."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from tokenspec.conformance.verdicts import Verdict

# what the summary in the terminal shows of every finding, and what of some more than that
SUMMARISED = ("area", "verdict")
SUMMARISED_MORE = {
    Verdict.NOT_APPLICABLE: ("note",),
    Verdict.COULD_NOT_RUN: ("note",),
    Verdict.UNSTEADY: ("key", "note"),
    Verdict.DEVIATION: ("key", "citation", "expected", "observed", "deviation"),
}
# what nobody asks for when all have seen a report; the same for all of them
SEEN: Mapping[str, Any] = {"keywords": {}, "user_properties": [], "extras": []}
NO_SECTIONS: list[tuple[str, str]] = []
VERDICT_ALONE = {str(verdict): {"verdict": str(verdict)} for verdict in Verdict}


def summarised(line: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of the line of a finding what the summary shows."""
    names = (*SUMMARISED, *SUMMARISED_MORE.get(line["verdict"], ()))
    if line["verdict"] in (Verdict.DEVIATION, Verdict.UNSTEADY):
        return {name: line[name] for name in names}
    return _once(names, tuple(line[name] for name in names))


@cache
def _once(names: tuple[str, ...], values: tuple[str, ...]) -> Mapping[str, Any]:
    """The same for all that say the same, as hundreds do."""
    return dict(zip(names, values, strict=True))


class ReportMemory:
    """pytest's reports on cases, which it keeps to the end: made small when all have seen them."""

    def __init__(self) -> None:
        self._of_case: dict[str, list[Any]] = {}  # by node, until its last one was seen

    def seen(self, report: Any) -> None:
        """Every plugin has seen this one."""
        self._of_case.setdefault(report.nodeid, []).append(report)
        if report.when == "teardown":
            reports = self._of_case.pop(report.nodeid)
            if any(hasattr(one, "tokenspec") for one in reports):
                _make_small(reports)


def _make_small(reports: list[Any]) -> None:
    for report in reports:
        vars(report).update(SEEN)
        report.sections = report.sections or NO_SECTIONS
        line = getattr(report, "tokenspec", None)
        if line is not None and line["verdict"] != Verdict.WARN:  # shown once more in the summary
            report.tokenspec = VERDICT_ALONE[line["verdict"]]
