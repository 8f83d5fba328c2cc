"""The audit page: complete, self-contained, and not to be steered by what a target sent."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from tests.reports.conftest import Made
from tokenspec.reports.audit import audit_page, safe_url
from tokenspec.reports.record import Record

HOSTILE = (
    "</script></style><img src=x onerror=alert(1)>\"'>{{ 'ren' ~ 'dered' }}<svg/onload=alert(2)>"
)
VOID = {"meta", "br", "input", "img", "link", "hr"}


class Outline(HTMLParser):
    """Tags, attributes and text of a page; complains of tags that do not close."""

    def __init__(self, page: str, *, whole: bool = True) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.whole = whole
        self.feed(page)
        assert self.open == [] or not whole

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag or not self.whole

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def attributes(self, name: str) -> list[str]:
        return [str(attributes[name]) for _, attributes in self.tags if name in attributes]


def words(page: str) -> str:
    return " ".join(" ".join(Outline(page).text).split())


def hostile(record: Record) -> Record:
    """The record with markup in every text of every line."""

    def spoil(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: spoil(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [spoil(item, name) for item in value]
        kept = ("verdict", "kind", "step", "type", "started", "finished", "metadata_sha256", "url")
        return f"{value}{HOSTILE}" if isinstance(value, str) and name not in kept else value

    return replace(
        record,
        header=spoil(record.header),
        findings=tuple(spoil(line) for line in record.findings),
        requirements=tuple(spoil(line) for line in record.requirements),
    )


def test_it_says_what_was_tested_by_whom_and_what_came_of_it(flawed: Made) -> None:
    page = audit_page(flawed.record)
    said = words(page)
    target = flawed.record.header["target"]
    for text in (
        "Example Login 4.1", target["issuer"], target["metadata_sha256"], "Erika Mustermann",
        "2027-01-15 08:00:00", flawed.record.header["suite"]["digest"], "rfc",
        "Does not conform", "What was not established", "were not tested",
    ):  # fmt: skip
        assert text in said, text


def test_every_finding_every_case_and_every_requirement_is_there(flawed: Made) -> None:
    outline = Outline(audit_page(flawed.record))
    said = " ".join(outline.text)
    anchors = outline.attributes("id")
    assert len(anchors) == len(set(anchors))
    for finding in flawed.record.findings:
        assert f"case-{finding['key'].replace('/', '--')}" in anchors
        if finding["verdict"] in ("fail", "warn"):
            assert f"tokenspec run target.yaml --select {finding['key']}" in said
            for text in (finding["expected"], finding["observed"], finding["oracle"]):
                assert text in said
        for exchange in finding["exchanges"]:
            assert f"{exchange['method']} {exchange['url']}" in said
    for row in flawed.record.requirements:
        assert row["text"] in said
        assert row["cases"] or row["reason"] in said


def test_every_link_within_the_page_leads_somewhere(flawed: Made) -> None:
    outline = Outline(audit_page(flawed.record))
    anchors = set(outline.attributes("id"))
    for link in outline.attributes("href"):
        assert link[1:] in anchors if link.startswith("#") else link.startswith("https://"), link


def test_nothing_is_loaded_and_only_its_own_script_and_style_may_run(flawed: Made) -> None:
    page = audit_page(flawed.record)
    outline = Outline(page)
    assert outline.attributes("src") == []
    assert outline.attributes("style") == []
    assert not [name for _, found in outline.tags for name in found if name.startswith("on")]
    policy = html.unescape(next(iter(outline.attributes("content"))))
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_nothing_a_target_sent_becomes_markup(flawed: Made) -> None:
    clean, spoiled = audit_page(flawed.record), audit_page(hostile(flawed.record))
    assert "onerror=alert" in html.unescape(spoiled)
    assert "{{ 'ren' ~ 'dered' }}" in html.unescape(spoiled)
    assert "rendered<svg" not in html.unescape(spoiled)
    for mark in ("<img", "<script", "<style", "onload=alert(2)>"):
        assert spoiled.count(mark) == clean.count(mark), mark
    Outline(spoiled)


def test_only_web_addresses_become_links() -> None:
    assert safe_url("https://tracker.example/1") == "https://tracker.example/1"
    for url in ("javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "//x", ""):
        assert safe_url(url) == ""


def test_a_run_that_was_cut_off_is_no_pass(good: Made) -> None:
    whole = words(audit_page(good.record))
    assert "Conforms in everything that was tested" in whole
    cut = replace(good.record, footer=None, findings=good.record.findings[:5])
    said = words(audit_page(cut))
    assert "Conformance not established" in said
    assert "This report is not of a whole run." in said
    assert "Conforms in everything" not in said


def test_what_could_not_run_is_no_pass(good: Made) -> None:
    first, *others = good.record.findings
    finding = {**first, "verdict": "could-not-run", "level": "MUST", "note": "no control"}
    said = words(audit_page(replace(good.record, findings=(finding, *others))))
    assert "Conformance not established" in said
    assert "1 case could not run" in said


def test_waivers_and_deviations_are_told_with_their_reasons(flawed: Made) -> None:
    first, second, *others = flawed.record.findings
    waived = {
        **first,
        "verdict": "waived",
        "waiver": {
            "kind": "accepted", "reason": "mended in 4.2", "owner": "identity team",
            "link": "javascript:alert(1)", "expires": "2027-03-31",
        },
    }  # fmt: skip
    deviation = {
        **second,
        "verdict": "deviation",
        "deviation": {
            "preset": "example", "source": "https://vendor.example/docs",
            "confidence": "documented", "date": "2026-01-01", "note": "by design",
        },
    }  # fmt: skip
    page = audit_page(replace(flawed.record, findings=(waived, deviation, *others)))
    said = words(page)
    for text in (
        "mended in 4.2",
        "identity team",
        "2027-03-31",
        "by design",
        "vendor's documentation",
    ):
        assert text in said
    assert "https://vendor.example/docs" in Outline(page).attributes("href")
    assert not [link for link in Outline(page).attributes("href") if "javascript" in link]


def test_a_record_without_what_is_optional_is_still_read(flawed: Made) -> None:
    kept = ("type", "format", "tokenspec", "started", "target", "profile")
    header = {name: flawed.record.header[name] for name in kept} | {"profile": "rfc"}
    findings = [
        {n: v for n, v in line.items() if n not in ("twin", "deviation", "level_why")}
        for line in flawed.record.findings
    ]
    record = Record(json.loads(json.dumps(header)), tuple(findings), flawed.record.footer)
    assert "The record does not say which requirements there are." in words(audit_page(record))


def test_waivers_that_are_not_true_any_more_fail_and_are_told(good: Made) -> None:
    assert good.record.footer
    problem = {
        "id": "a/b",
        "problem": "expired",
        "text": "since 2026-01-01",
        "file": "w",
        "line": 3,
    }
    footer = {**good.record.footer, "waivers": [problem]}
    said = words(audit_page(replace(good.record, footer=footer)))
    assert "Does not conform" in said
    assert "1 waiver no longer true" in said
    assert "since 2026-01-01" in said


def test_a_run_that_ended_early_says_how(good: Made) -> None:
    assert good.record.footer
    for ended, told in (("target-lost", "stopped answering"), ("interrupted", "interrupted")):
        footer = {**good.record.footer, "ended": ended}
        said = words(audit_page(replace(good.record, footer=footer)))
        assert "Conformance not established" in said
        assert told in said


def left_out(record: Record, reasons: int) -> Record:
    """The record with as many cases left out, each for a reason of its own, and none else."""
    lines = tuple(
        {**record.findings[0], "verdict": "not-applicable", "note": f"needs thing-{number}"}
        for number in range(reasons)
    )
    return replace(record, findings=lines, requirements=(), faults=())


def test_of_many_reasons_the_most_frequent_are_shown_and_the_rest_folded(flawed: Made) -> None:
    page = audit_page(left_out(flawed.record, 20))
    assert "14 more reasons" in words(page)
    assert all(f"1 × needs thing-{number}" in words(page) for number in range(20))
    few = audit_page(left_out(flawed.record, 8))
    assert "more reasons" not in words(few)
    assert all(f"1 × needs thing-{number}" in words(few) for number in range(8))
