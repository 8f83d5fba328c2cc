"""Many servers at a glance: area × server, their causes, and a judgement for each finding.

Areas are the rows, as servers are fewer. A cell says what is broken and leads to it; what was
merely observed stands in the HTML page alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from tokenspec.reports.record import Record

RED = ("fail", "stale-waiver")
BROKEN = (*RED, "warn", "deviation", "waived", "unsteady", "could-not-run")
WORDS = {"fail": "✗", "stale-waiver": "✗", "warn": "!", "could-not-run": "?", "unsteady": "≈"}
KEY = "✓ as the texts have it, ✗ fail, ! warn, ? could not run, ≈ unsteady; · nothing applied"
Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found of a verdict: the words, and where they stand."""

    text: str
    place: str  # a link, relative to the page


@dataclass(frozen=True, slots=True)
class Server:
    """One run's record, as the matrix needs it."""

    name: str
    version: str
    day: str
    profile: str
    seconds: float
    suite: str
    findings: tuple[Line, ...]
    causes: tuple[Line, ...]

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}".strip()

    def cell(self, area: str) -> Counter[str]:
        """The verdicts of an area."""
        return Counter(f["verdict"] for f in self.findings if f["area"] == area)

    def told(self, area: str, verdicts: Sequence[str] = BROKEN) -> list[Line]:
        """The findings of an area that are broken, or have one of some verdicts."""
        return [f for f in self.findings if f["area"] == area and f["verdict"] in verdicts]


Judge = Callable[[Server, str], Judged | None]  # a server and a case


def server(record: Record) -> Server:
    """The server of one whole record, its causes worked out.

    Raises:
        ValueError: the record was cut off.
    """
    if record.footer is None:
        raise ValueError("the record was cut off")
    target = record.header["target"]
    return Server(
        name=target["name"] or target["issuer"],
        version=target["version"],
        day=str(record.header["started"])[:10],
        profile=record.header["profile"]["name"],
        seconds=record.footer["seconds"],
        suite=record.header["suite"]["digest"][:12],
        findings=record.findings,
        causes=record.causes,
    )


def unjudged(servers: Iterable[Server], judge: Judge) -> list[str]:
    """Red verdicts that nobody judged."""
    return [
        f"{one.title}: {finding['key']}"
        for one in servers
        for finding in one.findings
        if finding["verdict"] in RED and judge(one, finding["key"]) is None
    ]


def markdown(servers: Sequence[Server], judge: Judge, again: str) -> str:
    """The page as Markdown. `again` is the command that makes it."""
    return "\n".join(_markdown(servers, judge, again)) + "\n"


def html(servers: Sequence[Server], judge: Judge, again: str) -> str:
    """The page as HTML that needs no other file; what servers sent is escaped."""
    return "\n".join(_html(servers, judge, again)) + "\n"


def _areas(servers: Iterable[Server]) -> list[str]:
    """The areas in which anything applied anywhere."""
    return sorted({f["area"] for s in servers for f in s.findings if not _left_out(f)})


def _left_out(finding: Line) -> bool:
    return bool(finding["verdict"] == "not-applicable")


def _markdown(servers: Sequence[Server], judge: Judge, again: str) -> Iterator[str]:
    yield "# The matrix\n"
    yield f"Made by `{again}` from the records of runs. {KEY}."
    yield "Each cell leads to what was found; [matrix.html](matrix.html) has the evidence, and what"
    yield "was observed where the texts leave a choice.\n"
    heads = [f"[{one.title}](#{anchor(one.title)})" for one in servers]
    yield f"| area | {' | '.join(heads)} |"
    yield "|---|" + "---|" * len(servers)
    yield f"| *causes* | {' | '.join(str(len(one.causes) or '✓') for one in servers)} |"
    for area in _areas(servers):
        yield f"| {area} | {' | '.join(_markdown_cell(one, area) for one in servers)} |"
    yield ""
    for one in servers:
        yield from _markdown_server(one, judge)


def _markdown_cell(one: Server, area: str) -> str:
    words = _words(one.cell(area))
    return f"[{words}](#{anchor(f'{one.title} {area}')})" if one.told(area) else words


def _markdown_server(one: Server, judge: Judge) -> Iterator[str]:
    yield f"## {one.title}\n"
    yield (
        f"Run on {one.day}, profile `{one.profile}`, suite `{one.suite}`, "
        f"{len(one.findings)} cases, {one.seconds:.0f} s.\n"
    )
    if one.causes:
        yield "| cause | how grave | requirement | findings |"
        yield "|---|---|---|---|"
        for cause in one.causes:
            words = _cut(cause["sentence"], 160)
            grave = _grave(cause)
            yield f"| {words} | {grave} | {_cut(cause['citation'])} | {len(cause['cases'])} |"
        yield ""
    for area in _areas([one]):
        told = one.told(area)
        if not told:
            continue
        yield f"### {one.title} {area}\n"
        yield "| case | verdict | expected | got | judgement |"
        yield "|---|---|---|---|---|"
        for finding in told:
            judged = judge(one, finding["key"])
            words = f"[{_short(judged.text)}]({judged.place})" if judged else "–"
            cells = [finding["expected"], finding["observed"]]
            shown = " | ".join(_cut(text) for text in cells)
            yield f"| `{finding['key']}` | {finding['verdict']} | {shown} | {words} |"
        yield ""


def _html(servers: Sequence[Server], judge: Judge, again: str) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width">'
    yield "<title>tokenspec: the matrix</title>"
    yield f"<style>{STYLE}</style><h1>The matrix</h1>"
    yield f"<p>Made by <code>{escape(again)}</code> from the records of runs. {KEY}.</p>"
    heads = "".join(
        f'<th scope="col"><a href="#{anchor(one.title)}">{escape(one.name)}</a>'
        f"<br><small>{escape(one.version)}</small></th>"
        for one in servers
    )
    yield '<div class="wide"><table><thead><tr><th scope="col">area</th>'
    yield f"{heads}</tr></thead><tbody>"
    counts = "".join(f'<td class="none">{len(one.causes) or "✓"}</td>' for one in servers)
    yield f'<tr><th scope="row"><em>causes</em></th>{counts}</tr>'
    for area in _areas(servers):
        cells = "".join(_html_cell(one, area) for one in servers)
        yield f'<tr><th scope="row">{escape(area)}</th>{cells}</tr>'
    yield "</tbody></table></div>"
    for one in servers:
        yield from _html_server(one, judge)
    yield "</html>"


def _html_cell(one: Server, area: str) -> str:
    counts = one.cell(area)
    words = escape(_words(counts))
    kind = "red" if any(counts[v] for v in RED) else "amber" if one.told(area) else "green"
    kind = "none" if words == "·" else kind
    inner = f'<a href="#{anchor(f"{one.title} {area}")}">{words}</a>' if one.told(area) else words
    return f'<td class="{kind}">{inner}</td>'


def _html_server(one: Server, judge: Judge) -> Iterator[str]:
    yield f'<h2 id="{anchor(one.title)}">{escape(one.title)}</h2>'
    yield (
        f"<p>Run on {escape(one.day)}, profile {escape(one.profile)}, suite {escape(one.suite)}, "
        f"{len(one.findings)} cases, {one.seconds:.0f} s.</p>"
    )
    if one.causes:
        yield "<table><thead><tr><th>cause</th><th>how grave</th><th>requirement</th>"
        yield "<th>findings</th></tr></thead><tbody>"
        for cause in one.causes:
            told = (cause["sentence"], _grave(cause), cause["citation"], len(cause["cases"]))
            cells = "".join(f"<td>{escape(str(cell))}</td>" for cell in told)
            yield f"<tr>{cells}</tr>"
        yield "</tbody></table>"
    for area in _areas([one]):
        yield from _html_area(one, area, judge)


def _html_area(one: Server, area: str, judge: Judge) -> Iterator[str]:
    told = one.told(area, (*BROKEN, "observe"))
    if not told:
        return
    yield f'<h3 id="{anchor(f"{one.title} {area}")}">{escape(one.title)}: {escape(area)}</h3>'
    for finding in told:
        judged = judge(one, finding["key"])
        words = escape(judged.text) if judged else "not judged"
        rows = {
            "requirement": f"{finding['citation']} ({finding['level']}): {finding['text']}",
            "sent": "; ".join(finding["sent"]) or "the valid exchange",
            "expected": finding["expected"],
            "got": finding["observed"],
            "note": finding["note"],
            "control": finding["control"],
            "oracle": finding["oracle"],
        }
        kind = "red" if finding["verdict"] in RED else "amber"
        yield f'<details><summary class="{kind}">{escape(finding["verdict"])} '
        yield f"<code>{escape(finding['key'])}</code> {escape(finding['title'])}</summary><dl>"
        yield from (
            f"<dt>{name}</dt><dd>{escape(str(text))}</dd>" for name, text in rows.items() if text
        )
        yield f"<dt>judgement</dt><dd>{words}</dd></dl></details>"


def _words(counts: Counter[str]) -> str:
    """What is broken, by sign; else whether anything applied."""
    signs: Counter[str] = Counter()
    for verdict in BROKEN:
        signs[WORDS.get(verdict, verdict)] += counts[verdict]
    broken = " ".join(f"{number} {sign}" for sign, number in signs.items() if number)
    return broken or ("✓" if counts.total() > counts["not-applicable"] else "·")


def _grave(cause: Line) -> str:
    return str(cause["severity"]).replace("-", " ")


def anchor(title: str) -> str:
    """The anchor a heading gets: lower case, spaces to hyphens, other signs dropped."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _short(text: str) -> str:
    """A judgement as it fits into a link."""
    return _cut(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text), 140)


def _cut(text: str, longest: int = 90) -> str:
    plain = re.sub(r"[|<>`\[\]]", " ", text)
    return plain if len(plain) <= longest else f"{plain[:longest]}…"


STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:90rem;padding:0 1rem}
.wide{overflow-x:auto}table{border-collapse:collapse}
th,td{border:1px solid #d0d7de;padding:.25rem .5rem;text-align:left}
.red{background:#ffebe9}.amber{background:#fff8c5}.green{background:#dafbe1}.none{color:#656d76}
details{margin:.3rem 0}summary{cursor:pointer;padding:.2rem .4rem}dl{margin:.3rem 1.5rem}
dt{font-weight:600}dd{margin:0 0 .3rem;overflow-wrap:anywhere}
"""
