"""The summary of a run as markdown, for a pull request or the summary of a CI step.

What came from a target stands in code spans, or is escaped: it can make no link, no mention, no
markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tokenspec.reports.causes import grade, headline, percent
from tokenspec.reports.record import Line, Record
from tokenspec.reports.summary import FAILING, Summary, rank
from tokenspec.reports.words import word

MOST_CAUSES = 20
MOST = 50  # findings shown of one verdict; the audit page has all
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&@$:!]|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)])")
_TICKS = re.compile(r"`+")


def markdown(record: Record) -> str:
    """The verdict, its numbers by area, the findings that matter, and what is left open."""
    summary = Summary.of(record)
    sign = {"fails": "✕", "conforms": "✓"}.get(summary.verdict, "?")
    issuer = record.header.get("target", {}).get("issuer", "")
    version = plain(str(record.header.get("tokenspec", "")))
    lines = [
        f"# {sign} {summary.headline}: {plain(record.product)}",
        "",
        summary.sentence,
        "",
        f"Issuer {code(issuer)}, profile {plain(record.profile)}, tokenspec {version}.",
        "",
        *_causes(record),
        *_areas(summary),
    ]
    for verdict in (*FAILING, "warn", "could-not-run", "unsteady"):
        lines += _findings(record, verdict)
    lines += ["## What was not established", ""]
    for gap in summary.gaps:
        lines.append(f"- {plain(gap.text)}")
        lines += [f"  - {plain(part)}" for part in gap.parts if part]
    return "\n".join(lines).rstrip() + "\n"


def plain(text: str) -> str:
    """`text` on one line with every character that could mean something escaped."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """`text` on one line as a code span, whatever backticks it has (CommonMark §6.1)."""
    flat = " ".join(text.split()).replace("|", "\\|")
    if not flat:
        return ""
    fence = "`" * (max((len(run) for run in _TICKS.findall(flat)), default=0) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def _causes(record: Record) -> Iterator[str]:
    """What to fix first; nothing where nothing is broken."""
    if not record.causes:
        return
    yield "## What to fix first"
    yield ""
    yield f"{headline(record)}."
    yield ""
    for number, cause in enumerate(record.causes[:MOST_CAUSES], start=1):
        likely = f", {percent(cause)}" if percent(cause) else ""
        yield f"{number}. **{plain(cause['sentence'])}** {grade(cause['severity']).label}{likely}"
        yield f"   - {plain(cause['citation'])} ({cause['level']}): {plain(cause['severity_why'])}"
        if cause["place"]:
            yield f"   - look at {plain(cause['place'])}"
        yield f"   - again {code(f'{record.again} ' + cause['shortest'])}"
    left = len(record.causes) - MOST_CAUSES
    if left > 0:
        yield f"\n… and {left} more; the audit page has them all."
    yield ""


def _areas(summary: Summary) -> Iterator[str]:
    shown = sorted(summary.counts, key=rank)
    yield "| Area | " + " | ".join(word(verdict).label for verdict in shown) + " |"
    yield "|---|" + "---:|" * len(shown)
    for area in summary.areas:
        cells = " | ".join(str(area.counts[verdict] or "·") for verdict in shown)
        yield f"| {plain(area.name)} | {cells} |"
    cells = " | ".join(f"**{summary.counts[verdict]}**" for verdict in shown)
    yield f"| **everything** | {cells} |"
    yield ""


def _findings(record: Record, verdict: str) -> Iterator[str]:
    own = [finding for finding in record.findings if finding["verdict"] == verdict]
    if not own:
        return
    yield f"## {word(verdict).label}: {len(own)}"
    yield ""
    for finding in own[:MOST]:
        yield from _finding(finding, record)
    if len(own) > MOST:
        yield f"… and {len(own) - MOST} more; the audit page has them all."
        yield ""


def _finding(finding: Line, record: Record) -> Iterator[str]:
    yield f"**{plain(finding['title'])}** ({code(finding['key'])})"
    yield ""
    link = finding["url"] if finding["url"].startswith("https://") else ""
    cited = f"[{plain(finding['citation'])}]({link})" if link else plain(finding["citation"])
    yield f"- {cited}, {plain(finding['level'])}: {plain(finding['text'])}"
    yield f"- sent {code('; '.join(finding['sent']) or 'the valid exchange')}"
    if finding["expected"]:
        yield f"- expected {code(finding['expected'])}"
    yield f"- got {code(finding['observed'] or finding['note'])}"
    yield f"- again {code(f'{record.again} ' + finding['key'])}"
    yield ""
