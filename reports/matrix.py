"""Many servers at a glance: server × area, from records, with a judgement for each red cell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

RED = ("fail", "stale-waiver")
SHOWN = ("pass", "fail", "warn", "observe", "deviation", "waived", "unsteady", "could-not-run")
WORDS = {"pass": "✓", "fail": "✗", "warn": "!", "observe": "○"}
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

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}".strip()

    def cell(self, area: str) -> Counter[str]:
        """The verdicts of an area."""
        return Counter(f["verdict"] for f in self.findings if f["area"] == area)

    def told(self, area: str) -> Iterator[Line]:
        """The findings of an area that are neither pass nor left out."""
        for finding in self.findings:
            quiet = finding["verdict"] in ("pass", "not-applicable")
            if finding["area"] == area and not quiet:
                yield finding


Judge = Callable[[Server, str], Judged | None]  # a server and a case


def server(header: Line, findings: Iterable[Line], footer: Line) -> Server:
    """The server of one whole record."""
    target = header["target"]
    return Server(
        name=target["name"] or target["issuer"],
        version=target["version"],
        day=str(header["started"])[:10],
        profile=header["profile"]["name"],
        seconds=footer["seconds"],
        suite=header["suite"]["digest"][:12],
        findings=tuple(findings),
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
    return sorted({finding["area"] for one in servers for finding in one.findings})


def _markdown(servers: Sequence[Server], judge: Judge, again: str) -> Iterator[str]:
    yield "# The matrix\n"
    yield f"Made by `{again}` from the records of runs."
    yield "✓ pass, ✗ fail, ! warn, ○ observe; · nothing applied. Each cell leads to what was found"
    yield "there; [matrix.html](matrix.html) has the evidence as well.\n"
    areas = _areas(servers)
    yield "| server | run | " + " | ".join(areas) + " |"
    yield "|---|---|" + "---|" * len(areas)
    for one in servers:
        cells = [_markdown_cell(one, area) for area in areas]
        yield f"| [{one.title}](#{anchor(one.title)}) | {one.day} | " + " | ".join(cells) + " |"
    yield ""
    for one in servers:
        yield from _markdown_server(one, areas, judge)


def _markdown_cell(one: Server, area: str) -> str:
    words = _words(one.cell(area))
    told = any(True for _ in one.told(area))
    return f"[{words}](#{anchor(f'{one.title} {area}')})" if told else words


def _markdown_server(one: Server, areas: Iterable[str], judge: Judge) -> Iterator[str]:
    yield f"## {one.title}\n"
    yield (
        f"Run on {one.day}, profile `{one.profile}`, suite `{one.suite}`, "
        f"{len(one.findings)} cases, {one.seconds:.0f} s.\n"
    )
    for area in areas:
        told = list(one.told(area))
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
    areas = _areas(servers)
    yield '<!doctype html><html lang="en"><meta charset="utf-8">'
    yield "<title>tokenspec: the matrix</title>"
    yield f"<style>{STYLE}</style><h1>The matrix</h1>"
    yield (
        f"<p>Made by <code>{escape(again)}</code> from the records of runs. "
        "✓ pass, ✗ fail, ! warn, ○ observe; · nothing applied.</p>"
    )
    heads = "".join(f"<th>{escape(area)}</th>" for area in areas)
    yield f"<table><thead><tr><th>server</th><th>run</th>{heads}</tr></thead><tbody>"
    for one in servers:
        cells = "".join(_html_cell(one, area) for area in areas)
        yield f"<tr><th>{escape(one.title)}</th><td>{escape(one.day)}</td>{cells}</tr>"
    yield "</tbody></table>"
    for one in servers:
        for area in areas:
            yield from _html_area(one, area, judge)
    yield "</html>"


def _html_cell(one: Server, area: str) -> str:
    counts = one.cell(area)
    words = escape(_words(counts))
    kind = "red" if any(counts[v] for v in RED) else "amber" if counts["warn"] else "green"
    kind = kind if any(counts[v] for v in SHOWN) else "none"
    told = any(True for _ in one.told(area))
    inner = f'<a href="#{anchor(f"{one.title} {area}")}">{words}</a>' if told else words
    return f'<td class="{kind}">{inner}</td>'


def _html_area(one: Server, area: str, judge: Judge) -> Iterator[str]:
    told = list(one.told(area))
    if not told:
        return
    title = f"{one.title} {area}"
    yield f'<h2 id="{anchor(title)}">{escape(one.title)}: {escape(area)}</h2>'
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
    shown = [f"{counts[v]} {WORDS.get(v, v)}" for v in SHOWN if counts[v]]
    return " ".join(shown) or "·"


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
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem}
table{border-collapse:collapse}th,td{border:1px solid #d0d7de;padding:.25rem .5rem;text-align:left}
.red{background:#ffebe9}.amber{background:#fff8c5}.green{background:#dafbe1}.none{color:#656d76}
details{margin:.3rem 0}summary{cursor:pointer;padding:.2rem .4rem}dl{margin:.3rem 1.5rem}
dt{font-weight:600}dd{margin:0 0 .3rem;overflow-wrap:anywhere}
"""
