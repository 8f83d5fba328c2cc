"""What stands between a verdict and the exit code: waivers and the baseline."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tokenspec.conformance.record.baseline import Baseline, read_baseline
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.excusing import Excuses
from tokenspec.conformance.run.races import raced
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.waivers.ledger import WaiverProblem, waiver_problems
from tokenspec.conformance.waivers.loader import read_waivers
from tokenspec.conformance.waivers.model import Waivers


def today_in_utc() -> date:
    """The day by which waivers expire."""
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class Gate:
    """The waivers of a run, which may be none, and its baseline if it has one."""

    excuses: Excuses
    baseline: Baseline | None = None

    def applied(self, finding: Finding, case: Case, *, partial: bool) -> Finding:
        """The finding as it counts. That a race was withstood makes no waiver stale: it was luck.

        Args:
            finding: as the target earned it.
            case: what was examined.
            partial: whether cases were left out of this run. What looks at every answer of a run
                has then not seen everything, so that its passing makes no waiver stale.
        """
        conclusive = not (partial and case.every_response) and not raced(case)
        excused = self.excuses.applied(finding, conclusive=conclusive)
        return self.baseline.applied(excused) if self.baseline else excused

    def problems(
        self, suite: Collection[Case], verdicts: Mapping[str, str], *, partial: bool
    ) -> list[WaiverProblem]:
        """The waivers that are not true any more."""
        looks_everywhere = {case.key for case in suite if case.every_response}
        races = {case.key for case in suite if raced(case)}
        return waiver_problems(
            self.excuses.waivers,
            suite=[case.key for case in suite],
            verdicts=verdicts,
            today=self.excuses.today,
            partly_seen=races | looks_everywhere if partial else races,
        )

    def header(self) -> dict[str, Any]:
        """What the header of a record says of the gate."""
        waivers, base = self.excuses.waivers, self.baseline
        return {
            "waivers": {
                "file": waivers.file,
                "entries": [waiver.line() for waiver in waivers.entries],
            },
            "baseline": {"file": base.file, "started": base.header["started"]} if base else None,
        }

    def text(self, suite: Collection[Case]) -> str:
        """The waivers and the baseline in one line; empty where there is neither."""
        parts = []
        if self.excuses.waivers.entries:
            matched = self.excuses.waivers.matching(case.key for case in suite)
            count = len(self.excuses.waivers.entries)
            parts.append(f"{count} waiver(s) match {sum(matched.values())} case(s)")
        if self.baseline:
            parts.append(f"gating on what is new since {self.baseline.file}")
        return "; ".join(parts)


def open_gate(
    waivers: str | None, baseline: str | None, today: Callable[[], date] = today_in_utc
) -> Gate:
    """The gate of a run with these files.

    Raises:
        UnusableFile: one of them is wrong.
    """
    read = read_waivers(Path(waivers)) if waivers else Waivers()
    old = read_baseline(Path(baseline)) if baseline else None
    return Gate(Excuses(read, today()), old)
