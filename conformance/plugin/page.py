"""The run page of pytest-html: title, what was tested, our columns, escaped evidence."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pytest_html import extras

from tokenspec.conformance.plugin.nodes import CaseItem
from tokenspec.conformance.plugin.recording import Recording
from tokenspec.conformance.plugin.target import SessionTarget
from tokenspec.reports.evidence import evidence_html
from tokenspec.reports.formats import FORMATS
from tokenspec.reports.summary import QUIET
from tokenspec.reports.terminal import area_table


class RunPage:
    """Hooks of pytest-html. Whatever a target sent is escaped before it gets here."""

    def __init__(self, config: pytest.Config, recording: Recording, target: SessionTarget) -> None:
        self._recording = recording
        self._target = target
        here = Path(config.getoption("htmlpath", None) or ".").parent
        audit = recording.path.with_name(FORMATS["html"].file)
        self.audit = Path(os.path.relpath(audit, here)).as_posix()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Add the evidence of a finding to its row."""
        report = yield
        line = getattr(report, "tokenspec", None)
        if isinstance(item, CaseItem) and line is not None:
            # all of them are kept until the page is written, and plain ASCII takes half the room
            shown = evidence_html(line, self.audit).encode("ascii", "xmlcharrefreplace").decode()
            report.extras = [*getattr(report, "extras", []), extras.html(shown)]
        return report

    def pytest_html_report_title(self, report: Any) -> None:
        """The title of the page."""
        report.title = "tokenspec: conformance run"

    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """What was tested, by which profile, and the verdicts by area."""
        target = self._target.setup.target
        table = "\n".join(area_table(self._recording.shown))
        name = " ".join(part for part in (target.product.name, target.product.version) if part)
        prefix.append(
            f"<p>Target: <strong>{escape(name or target.issuer)}</strong>, issuer "
            f"{escape(target.issuer)}, profile {escape(target.profile)}"
            f"{'' if target.verify_tls else ', <strong>TLS certificates not verified</strong>'}."
            f" <a href='{quote(self.audit)}'>The audit page</a> tells the findings in plain words."
            f"</p><pre style='color:#1f2328'>{escape(table)}</pre>"
        )

    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Columns Requirement, Level and Verdict, before the duration."""
        cells[2:2] = [
            "<th class='sortable' data-column-type='requirement'>Requirement</th>",
            "<th>Level</th>",
            "<th>Verdict</th>",
        ]

    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:
        """The cells of those columns."""
        line = getattr(report, "tokenspec", None) or {}
        shown = [line.get("citation", ""), line.get("level", ""), _verdict(line)]
        requirement, level, verdict = map(escape, shown)
        result, case, *rest = cells
        ours = (
            f"<td class='col-requirement'>{requirement}</td>",  # so that it can be sorted by
            f"<td>{level}</td>",
            f"<td>{verdict}</td>",
        )
        # kept until the page is written, for thousands of rows that say the same
        cells[:] = sys.intern(result), case, *map(sys.intern, (*ours, *rest))

    def pytest_html_results_table_html(self, report: Any, data: list[str]) -> None:
        """No log for what passed or does not apply: it would say where in our code that was."""
        line = getattr(report, "tokenspec", None) or {}
        if line.get("verdict") in QUIET:
            data.clear()


def _verdict(line: dict[str, Any]) -> str:
    kind = line.get("kind", "")
    return f"{line.get('verdict', '')} ({kind})" if kind else str(line.get("verdict", ""))
