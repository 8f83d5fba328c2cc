"""A run in the terminal: one finding in full, and the whole by area."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

WIDTH = 96
VERBATIM = ("again", "at", "")  # to be copied: a command or address in two lines is none
ORDER = ("pass", "fail", "warn", "deviation", "observe", "could-not-run", "not-applicable")
Line = Mapping[str, Any]


def finding_text(finding: Line, command: str = "tokenspec run") -> str:
    """One finding as a newcomer can act on it: what was sent, expected, got, and why it matters.

    `command` is what runs the suite against the same target again.
    """
    rows = [
        ("requirement", f"{finding['citation']} ({finding['level']}): {finding['text']}"),
        ("", finding["url"]),
        ("level", finding.get("level_why", "")),
        ("sent", "; ".join(finding["sent"]) or "the valid exchange"),
        ("expected", finding["expected"]),
        ("got", finding["observed"]),
        ("note", finding["note"]),
        ("documented", evidence_text(finding.get("deviation"))),
        ("control", finding["control"]),
        ("oracle", finding["oracle"]),
        ("why", finding["why"]),
        ("at", f"{finding['file']}:{finding['line']}"),
        ("again", f"{command} --select {finding['key']}"),
    ]
    head = f"{finding['verdict'].upper()}{_kind(finding)}  {finding['key']}  {finding['title']}"
    return "\n".join([head, *(line for name, text in rows if text for line in _row(name, text))])


def could_not_run_text(finding: Line) -> str:
    """Why nothing could be said, and what to do."""
    rows = [
        ("because", finding["note"] or finding["observed"]),
        ("control", finding["control"]),
        ("got", finding["observed"] if finding["note"] else ""),
        ("at", f"{finding['file']}:{finding['line']}"),
    ]
    head = f"COULD NOT RUN  {finding['key']}  {finding['title']}"
    return "\n".join([head, *(line for name, text in rows if text for line in _row(name, text))])


def evidence_text(evidence: Line | None) -> str:
    """What a documented difference is known from; empty without one."""
    if not evidence:
        return ""
    told = f"preset {evidence['preset']}: {evidence['source']}"
    told += f" ({evidence['confidence']}, {evidence['date']})"
    return f"{told}; {evidence['note']}" if evidence["note"] else told


def deviations(findings: Iterable[Line]) -> list[str]:
    """The differences that the profile allowed, each with its source; they are no passes."""
    allowed = [finding for finding in findings if finding["verdict"] == "deviation"]
    if not allowed:
        return []
    lines = ["", "documented differences, allowed by the profile and no passes:"]
    for finding in allowed:
        lines += [
            f"  {finding['key']}  {finding['citation']}",
            f"      expected {finding['expected']}; got {finding['observed']}",
            f"      {evidence_text(finding['deviation'])}",
        ]
    return lines


def area_table(findings: Iterable[Line]) -> list[str]:
    """Verdicts counted by area, one line each, with a line for the whole."""
    areas: dict[str, Counter[str]] = {}
    for finding in findings:
        areas.setdefault(finding["area"], Counter())[finding["verdict"]] += 1
    whole: Counter[str] = sum(areas.values(), Counter())
    shown = [verdict for verdict in (*ORDER, *sorted(set(whole) - set(ORDER))) if whole[verdict]]
    width = max([len("everything"), *map(len, areas)]) + 2
    lines = ["area".ljust(width) + "".join(verdict.rjust(len(verdict) + 2) for verdict in shown)]
    for name, counts in (*sorted(areas.items()), ("everything", whole)):
        cells = "".join(str(counts[v] or "·").rjust(len(v) + 2) for v in shown)
        lines.append(name.ljust(width) + cells)
    return lines


def left_out(findings: Iterable[Line]) -> list[str]:
    """Why cases did not apply, the most frequent reason first."""
    reasons = Counter(f["note"] for f in findings if f["verdict"] == "not-applicable")
    if not reasons:
        return []
    lines = ["", "left out, and why:"]
    return lines + [f"{count:5}  {reason}" for reason, count in reasons.most_common()]


def _kind(finding: Line) -> str:
    return f" ({finding['kind']})" if finding["kind"] else ""


def _row(name: str, text: str) -> Iterator[str]:
    indent = " " * 15
    label = f"  {name}".ljust(15)
    if name in VERBATIM:
        yield label + text
        return
    for paragraph in str(text).splitlines() or [""]:
        wrapped = textwrap.wrap(
            paragraph, WIDTH - 15, break_long_words=False, break_on_hyphens=False
        )
        for line in wrapped or [""]:
            yield label + line
            label = indent
