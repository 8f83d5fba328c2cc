"""A run in the terminal: one finding in full, and the whole by area."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tokenspec.reports.again import check_again, replay
from tokenspec.reports.record import Record

WIDTH = 96
VERBATIM = ("again", "at", "")  # to be copied: a command or address in two lines is none
ORDER = (
    "pass", "fail", "stale-waiver", "warn", "unsteady", "deviation", "waived", "observe",
    "could-not-run", "not-applicable",
)  # fmt: skip
Line = Mapping[str, Any]
AGAIN = "tokenspec run --select"
PREMISE = "premise: "  # how the note of a finding begins that could not run for one
Row = tuple[str, str, str]  # name of the row (or verdict, for the head), label, text


def finding_text(finding: Line, again: str = AGAIN, told: str = "") -> str:
    """One finding as a newcomer can act on it: what was sent, expected, got, and why it matters.

    `again` is what plays a case again; its key follows. `told` is a case that told the same.
    """
    return "\n".join(label + text for _, label, text in finding_lines(finding, again, told))


def finding_lines(finding: Line, again: str = AGAIN, told: str = "") -> Iterator[Row]:
    """The same line by line, each with the name of its row, so that a terminal can colour it."""
    head = f"{finding['verdict'].upper()}{_kind(finding)}  {finding['key']}  {finding['title']}"
    yield finding["verdict"], "", head
    if told:
        yield from _row("the same as", f"{told}; cites {finding['citation']} ({finding['level']})")
        return
    rows = [
        ("requirement", f"{finding['citation']} ({finding['level']}): {finding['text']}"),
        ("", finding["url"]),
        ("level", finding.get("level_why", "")),
        ("sent", "; ".join(finding["sent"]) or "the valid exchange"),
        ("expected", finding["expected"]),
        ("got", finding["observed"]),
        ("confirmed", _confirmed(finding)),
        ("note", finding["note"]),
        ("documented", evidence_text(finding.get("deviation"))),
        ("control", finding["control"]),
        ("oracle", finding["oracle"]),
        ("why", finding["why"]),
        ("at", f"{finding['file']}:{finding['line']}"),
        ("again", f"{again} {finding['key']}"),
    ]
    for name, text in rows:
        if text:
            yield from _row(name, text)


def alike_lines(findings: Sequence[Line]) -> Iterator[Row]:
    """The names of further findings that are the same as one just told."""
    if findings:
        cases = "1 more case" if len(findings) == 1 else f"{len(findings)} more cases"
        yield "", "", f"  the same in {cases}:"
    for finding in findings:
        yield "", "", f"    {finding['key']}  {finding['citation']} ({finding['level']})"


def could_not_run_text(finding: Line, again: str = AGAIN, told: str = "") -> str:
    """Why nothing could be said, and what to do; `told` is a case that told the same cause."""
    return "\n".join(label + text for _, label, text in could_not_run_lines(finding, again, told))


def could_not_run_lines(finding: Line, again: str = AGAIN, told: str = "") -> Iterator[Row]:
    """The same line by line, each with the name of its row."""
    yield "could-not-run", "", f"COULD NOT RUN  {finding['key']}  {finding['title']}"
    if told:
        yield from _row("because", f"of the same as {told}")
        return
    rows = [
        ("because", finding["note"] or finding["observed"]),
        ("control", finding["control"]),
        ("got", finding["observed"] if finding["note"] else ""),
        ("at", f"{finding['file']}:{finding['line']}"),
        ("again", f"{again} {finding['key']}"),
    ]
    for name, text in rows:
        if text:
            yield from _row(name, text)


def evidence_text(evidence: Line | None) -> str:
    """What a documented difference is known from; empty without one."""
    if not evidence:
        return ""
    told = f"preset {evidence['preset']}: {evidence['source']}"
    told += f" ({evidence['confidence']}, {evidence['date']})"
    return f"{told}; {evidence['note']}" if evidence["note"] else told


def deviations(findings: Iterable[Line]) -> list[str]:
    """The differences that the profile allowed, each with its source; none counts as passed."""
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


def unsteady(findings: Iterable[Line]) -> list[str]:
    """What failed at first and not when it was played again alone, with both answers."""
    lines = [
        line
        for finding in findings
        if finding["verdict"] == "unsteady"
        for line in (f"  {finding['key']}", f"      {finding['note']}")
    ]
    return ["", "unsteady, which is neither broken nor passed:", *lines] if lines else []


def area_table(findings: Iterable[Line]) -> list[str]:
    """Verdicts counted by area, one line each, with a line for the whole."""
    return ["".join(text for text, _ in row) for row in area_cells(findings)]


def area_cells(findings: Iterable[Line]) -> list[list[tuple[str, str]]]:
    """The same row by row, each cell with its verdict, empty where nothing is to be coloured."""
    areas: dict[str, Counter[str]] = {}
    for finding in findings:
        areas.setdefault(finding["area"], Counter())[finding["verdict"]] += 1
    whole: Counter[str] = sum(areas.values(), Counter())
    shown = [verdict for verdict in (*ORDER, *sorted(set(whole) - set(ORDER))) if whole[verdict]]
    width = max([len("everything"), *map(len, areas)]) + 2
    rows = [[("area".ljust(width), ""), *((v.rjust(len(v) + 2), v) for v in shown)]]
    for name, counts in (*sorted(areas.items()), ("everything", whole)):
        cells = [
            (str(counts[v] or "·").rjust(len(v) + 2), v if counts[v] else "none") for v in shown
        ]
        rows.append([(name.ljust(width), ""), *cells])
    return rows


def left_out(findings: Iterable[Line]) -> list[str]:
    """Why cases did not apply, the most frequent reason first."""
    reasons = Counter(f["note"] for f in findings if f["verdict"] == "not-applicable")
    if not reasons:
        return []
    lines = ["", "left out, and why:"]
    return lines + [f"{count:5}  {reason}" for reason, count in reasons.most_common()]


def lost(findings: Iterable[Line]) -> list[str]:
    """What did not hold, so that cases resting on it could not run; the most frequent first."""
    notes = (f["note"] for f in findings if f["verdict"] == "could-not-run")
    causes = Counter(note for note in notes if note.startswith(PREMISE))
    if not causes:
        return []
    lines = ["", "did not hold, so that cases could not run:"]
    return lines + [
        f"{count:5}  {note.removeprefix(PREMISE)}" for note, count in causes.most_common()
    ]


def next_step(verdict: str, record: Record, path: str) -> list[str]:
    """What to do now, as commands to be copied.

    `verdict` is that of `Summary`; `path` is where the record stands.
    """
    if record.causes:
        first = record.causes[0]
        return [f"tokenspec explain {first['requirement']}", replay(path)]
    broken = next((f for f in record.findings if f["verdict"] in ("fail", "stale-waiver")), None)
    if broken is not None:
        return [f"tokenspec explain {broken['requirement']}", replay(path)]
    if verdict == "not-established":
        return [check_again(record.header), replay(path)]
    if not record.header["target"]["file"]:
        return ["tokenspec init https://login.example   for your own server"]
    return [f"tokenspec report {path} --bundle evidence.zip"]


def _confirmed(finding: Line) -> str:
    """Whether what is broken was so twice; empty where that is not asked."""
    said = {True: "came again, played alone", False: "no: the run ended before it was played again"}
    return said.get(finding.get("confirmed"), "")  # type: ignore[arg-type]  # None has no words


def _kind(finding: Line) -> str:
    return f" ({finding['kind']})" if finding["kind"] else ""


def _row(name: str, text: str) -> Iterator[Row]:
    indent = " " * 15
    label = f"  {name}".ljust(15)
    if name in VERBATIM:
        yield name, label, text
        return
    for paragraph in str(text).splitlines() or [""]:
        wrapped = textwrap.wrap(
            paragraph, WIDTH - 15, break_long_words=False, break_on_hyphens=False
        )
        for line in wrapped or [""]:
            yield name, label, line
            label = indent
