"""The matrix of servers: every cell leads to what was found, and nothing a server sent acts."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tokenspec.reports import matrix
from tokenspec.reports.record import Record

HEADER = {
    "target": {"name": "Some <b>Server</b>", "version": "1.0", "issuer": "https://x.example"},
    "started": "2026-11-25T10:00:00.000+00:00",
    "profile": {"name": "rfc", "title": "as published", "date": "2026-01-01"},
    "suite": {"digest": "0123456789abcdef"},
}
HOSTILE = "granted | <script>alert(1)</script> [x](javascript:1)"


def finding(key: str, verdict: str, **more: str) -> dict[str, Any]:
    blank = dict.fromkeys(
        ("title", "expected", "observed", "note", "control", "oracle", "citation", "level", "text"),
        "",
    )
    area = key.split("-", maxsplit=1)[0]
    return {**blank, "key": key, "area": area, "verdict": verdict, "sent": [], **more}


FINDINGS = [
    finding("pkce-a/one", "pass"),
    finding("pkce-a/two", "fail", observed=HOSTILE),
    finding("dpop-a/one", "not-applicable"),
    finding("code-a/one", "warn"),
    finding("client-a/one", "observe"),
]
CAUSE = {
    "sentence": f"It takes any verifier. {HOSTILE}", "severity": "exploitable-now",
    "citation": "RFC 7636 §4.6", "cases": ["pkce-a/two"],
}  # fmt: skip
SERVER = matrix.server(Record(HEADER, tuple(FINDINGS), {"seconds": 3.2}, causes=(CAUSE,)))


def judge(_one: matrix.Server, key: str) -> matrix.Judged | None:
    return matrix.Judged("True. It is so.", "findings.md#some") if key == "pkce-a/two" else None


def test_a_cell_counts_and_leads_to_its_findings() -> None:
    page = matrix.markdown([SERVER], judge, "make it")
    rows = page.splitlines()
    assert next(row for row in rows if row.startswith("| pkce |")).startswith("| pkce | [1 ✗](#")
    assert next(row for row in rows if row.startswith("| code |")).startswith("| code | [1 !](#")
    assert "| client | ✓ |" in rows
    assert not any(row.startswith("| dpop |") for row in rows)  # nothing applied anywhere
    assert "| *causes* | 1 |" in rows
    assert any(row.startswith("| It takes any verifier.") for row in rows)
    places = set(re.findall(r"\(#([^)]+)\)", page))
    headings = {matrix.anchor(line.lstrip("# ")) for line in page.splitlines() if line[:1] == "#"}
    assert places <= headings
    assert "[True. It is so.](findings.md#some)" in page


def test_a_red_verdict_without_judgement_is_named() -> None:
    assert matrix.unjudged([SERVER], judge) == []
    assert matrix.unjudged([SERVER], lambda *_: None) == ["Some <b>Server</b> 1.0: pkce-a/two"]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.ids: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        named = dict(attrs)
        if named.get("id"):
            self.ids.add(str(named["id"]))
        if named.get("href"):
            self.links.add(str(named["href"]).lstrip("#"))


def test_what_a_server_sent_is_shown_and_cannot_act() -> None:
    page = matrix.html([SERVER], judge, "make it")
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.seen
    assert "b" not in tags.seen
    assert tags.links <= tags.ids
    assert "&lt;script&gt;" in page
    table = matrix.markdown([SERVER], judge, "make it")
    assert "<script" not in table
    assert "](javascript" not in table


def test_the_published_page_is_whole() -> None:
    docs = Path(__file__).parents[2] / "docs"
    page = (docs / "matrix.md").read_text(encoding="utf-8")
    found = (docs / "findings.md").read_text(encoding="utf-8")
    headings = {matrix.anchor(line[3:]) for line in found.splitlines() if line.startswith("## ")}
    assert set(re.findall(r"\(findings\.md#([^)]+)\)", page)) <= headings
    for row in re.findall(r"^\| `.*", page, re.MULTILINE):
        verdict, judged = row.split(" | ")[1], row.rstrip(" |").split(" | ")[-1]
        assert verdict not in matrix.RED or judged.startswith("["), row
