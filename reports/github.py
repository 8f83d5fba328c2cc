"""Annotations for GitHub Actions: workflow commands, one a finding, at its scenario's line.

Their form and escapes are those of GitHub's own toolkit: `%`, CR and LF in a message, and `:` and
`,` as well in a property. Without the escapes a target could start commands of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from tokenspec.reports.outcome import FAILED, OPEN, outcome, reason
from tokenspec.reports.record import Line, Record
from tokenspec.reports.summary import rank

COMMANDS = {"warn": "warning", "could-not-run": "warning", "unsteady": "notice"}


def workflow_commands(record: Record) -> str:
    """One command a line, the gravest first: GitHub shows the first ten of a kind."""
    told = [f for f in record.findings if command(f, record)]
    lines = [_line(f, record) for f in sorted(told, key=lambda f: rank(f["verdict"]))]
    return "".join(f"{line}\n" for line in (*_whole(record), *lines))


def _whole(record: Record) -> Iterator[str]:
    if not record.complete:
        yield "::error title=tokenspec::the run was cut off; this is not its whole result"
    for fault in record.faults:
        yield f"::error title=tokenspec::{message(fault['key'] + ': ' + fault['message'])}"


def command(finding: Line, record: Record) -> str:
    """The workflow command a finding becomes; empty for none."""
    found = outcome(finding, record)
    if found == FAILED:
        return "error"
    if found == OPEN and finding["level"].startswith("MUST"):
        return "error"
    return COMMANDS.get(finding["verdict"], "")


def _line(finding: Line, record: Record) -> str:
    title = f"{finding['citation']} ({finding['level']}): {finding['key']}"
    text = f"{finding['title']}: {reason(finding)}\n{record.again} {finding['key']}"
    at = f"file={value(finding['file'])},line={finding['line']},title={value(title)}"
    return f"::{command(finding, record)} {at}::{message(text)}"


def message(text: str) -> str:
    """`text` as the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def value(text: str) -> str:
    """`text` as a property of a workflow command."""
    return message(text).replace(":", "%3A").replace(",", "%2C")
