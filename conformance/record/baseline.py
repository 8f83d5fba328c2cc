"""An older record as the measure: only what is new gates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.record.lines import finding_line
from tokenspec.conformance.record.reading import read_record
from tokenspec.reports.changes import worse

BROKEN = ("fail", "warn", "could-not-run")


@dataclass(frozen=True, slots=True)
class Baseline:
    """The findings of an older run by key."""

    file: str
    header: Mapping[str, Any]
    findings: Mapping[str, Mapping[str, Any]] = field(repr=False)

    def applied(self, finding: Finding) -> Finding:
        """The finding, marked as `known` if the older run has the same failure or a graver one."""
        if finding.verdict not in BROKEN:
            return finding
        before = self.findings.get(finding.key)
        known = before is not None and not worse(before, finding_line(finding))
        return replace(finding, known=known)


def read_baseline(path: Path) -> Baseline:
    """The baseline in a record.

    Raises:
        UnusableFile: it is not a record.
    """
    record = read_record(path)
    findings = {finding["key"]: finding for finding in record.findings}
    return Baseline(str(path), record.header, findings)
