"""How a verdict is told to programs that know only passed, failed and skipped."""

from __future__ import annotations

from tokenspec.reports.record import Line, Record
from tokenspec.reports.summary import broken

PASSED, FAILED, SKIPPED, OPEN = "passed", "failed", "skipped", "open"


def outcome(finding: Line, record: Record) -> str:
    """Passed, failed, skipped, or open where nothing can be said.

    A warning fails where the run was made with `--fail-on should`. A waived case is skipped, so
    that nobody counts it as passed, and so are an unsteady one and a failure that the baseline has.
    """
    verdict = finding["verdict"]
    if finding.get("known"):
        return SKIPPED
    if finding.get("confirmed") is False:
        return OPEN
    if broken(finding) or (verdict == "warn" and record.fail_on == "should"):
        return FAILED
    if verdict in ("not-applicable", "waived", "unsteady"):
        return SKIPPED
    return OPEN if verdict == "could-not-run" else PASSED


def reason(finding: Line) -> str:
    """Why a case is not a plain pass, in one sentence."""
    waiver = finding.get("waiver") or {}
    if finding["verdict"] == "waived":
        return f"waived: {waiver.get('reason', '')}".strip()
    if finding["verdict"] in ("not-applicable", "could-not-run", "unsteady"):
        return str(finding["note"] or finding["observed"])
    known = "known since the baseline: " if finding.get("known") else ""
    if finding.get("confirmed") is False:
        known += "not confirmed by another play: "
    return f"{known}expected {finding['expected']}; got {finding['observed']}"


def properties(finding: Line) -> dict[str, str]:
    """What machine formats say of a case beside its outcome."""
    told = {
        "requirement": finding["requirement"],
        "citation": finding["citation"],
        "level": finding["level"],
        "verdict": finding["verdict"],
        "kind": finding["kind"],
        "url": finding["url"],
    }
    return {name: str(value) for name, value in told.items() if value}
