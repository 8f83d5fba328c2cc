"""What a waiver makes of a finding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.verdicts import BROKEN, Verdict
from tokenspec.conformance.waivers.model import Waiver, Waivers

# whether the failure is still there
SAYS_NOTHING = (Verdict.NOT_APPLICABLE, Verdict.COULD_NOT_RUN, Verdict.UNSTEADY)


@dataclass(frozen=True, slots=True)
class Excuses:
    """The waivers of a run, as they stand on one day."""

    waivers: Waivers
    today: date

    def applied(self, finding: Finding, *, conclusive: bool = True) -> Finding:
        """The finding as its waiver leaves it.

        A failure that is excused becomes `waived`. A case named by a waiver that did not fail
        becomes `stale-waiver`, unless the run saw only a part of what the verdict rests on
        (`conclusive` false). In every other case the finding stays what it is.
        """
        waiver = self.waivers.of(finding.key)
        if waiver is None:
            return finding
        finding = replace(finding, waiver=waiver)
        if waiver.expired(self.today):
            return finding.noted(f"the waiver at {waiver.where} expired on {waiver.expires}")
        if finding.verdict in BROKEN and waiver.kind in ("", finding.kind):
            return _turned(finding, Verdict.WAIVED, f"waived: {waiver.reason}")
        if finding.verdict is Verdict.FAIL:
            only = f"the waiver at {waiver.where} excuses {waiver.kind!r} only"
            return finding.noted(only)
        if finding.verdict in SAYS_NOTHING or not conclusive or waiver.id != finding.key:
            return finding
        return _turned(finding, Verdict.STALE_WAIVER, _not_needed(finding, waiver))


def _not_needed(finding: Finding, waiver: Waiver) -> str:
    otherwise = f" ({finding.kind})" if finding.kind else ""
    return (
        f"the waiver at {waiver.where} is not needed any more: the verdict is "
        f"{finding.verdict}{otherwise}; remove it, or run: tokenspec waivers prune"
    )


def _turned(finding: Finding, verdict: Verdict, note: str) -> Finding:
    return replace(finding, verdict=verdict, judged=str(finding.verdict)).noted(note)
