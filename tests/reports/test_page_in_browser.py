"""The audit page in Chromium: accessible, whole without scripts, filtered with them, printable."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.reports.browser import chromium, dom, needs_chromium
from tests.reports.conftest import Made
from tests.reports.packages import needs_npm, node_modules
from tests.reports.test_audit import Outline, hostile
from tests.reports.test_formats import every_verdict
from tokenspec.reports.audit import audit_page
from tokenspec.reports.record import Record

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
DARK = "--blink-settings=preferredColorScheme=0"


@pytest.fixture
def page(flawed: Made, tmp_path: Path) -> Path:
    path = tmp_path / "audit.html"
    path.write_text(audit_page(every_verdict(flawed.record)).replace("\ud800", ""), "utf-8")
    return path


@pytest.fixture
def short_page(flawed: Made, tmp_path: Path) -> Path:
    """A page with some rows of each kind: axe looks at every element, also where all are alike."""
    path = tmp_path / "short.html"
    whole = every_verdict(flawed.record)
    record = some_of_each_kind(whole)
    for lines, name in (("findings", "verdict"), ("requirements", "reason")):
        told = [{line[name] for line in getattr(one, lines)} for one in (whole, record)]
        assert told[0] == told[1]
    path.write_text(audit_page(record).replace("\ud800", ""), "utf-8")
    return path


def some_of_each_kind(record: Record, most: int = 3) -> Record:
    """At most so many findings of each verdict, and requirements of each document and reason."""
    kinds: Counter[object] = Counter()

    def wanted(*kind: object) -> bool:
        kinds[kind] += 1
        return kinds[kind] <= most

    findings = tuple(f for f in record.findings if wanted(f["verdict"], f["level"]))
    played = {finding["key"] for finding in findings}
    rows = (row for row in record.requirements if played.issuperset(row["cases"]))
    return replace(
        record,
        findings=findings,
        requirements=tuple(
            row
            for row in rows
            if wanted(row["citation"].partition("§")[0], row["reason"]) or row["cases"]
        ),
    )


def with_script(page: Path, script: str) -> Path:
    """A copy of a page that runs a script of the test; the page's own policy would forbid it."""
    text = POLICY.sub("", page.read_text("utf-8")).replace("</body>", f"{script}</body>")
    copy = page.with_name(f"with-script-{page.name}")
    copy.write_text(text, "utf-8")
    return copy


def without_scripts(page: Path) -> Path:
    """A copy of a page that may run no script at all."""
    text, count = re.subn(r"script-src [^;]*", "script-src &#39;none&#39;", page.read_text("utf-8"))
    assert count == 1
    copy = page.with_name(f"without-scripts-{page.name}")
    copy.write_text(text, "utf-8")
    return copy


def told(document: str) -> Any:
    """What the test's script has left in the document."""
    found = re.search(r'<pre id="told">(.*?)</pre>', document, re.DOTALL)
    assert found, document[-500:]
    return json.loads(html.unescape(found.group(1)))


TELL = """
const tell = (value) => {
  const pre = document.createElement("pre");
  pre.id = "told";
  pre.textContent = JSON.stringify(value);
  document.body.append(pre);
};
"""


@needs_chromium
@needs_npm
@pytest.mark.parametrize("options", [(), (DARK,), ("--window-size=500,900",)])
def test_axe_finds_no_violation(short_page: Path, options: tuple[str, ...]) -> None:
    axe = (node_modules() / "axe-core" / "axe.min.js").read_text("utf-8")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    script = f"""<script>{axe}</script><script>{TELL}
      for (const details of document.querySelectorAll("details:not(.row)")) details.open = true;
      for (const details of [...document.querySelectorAll("details.row")].slice(0, 3)) {{
        details.open = true;
      }}
      axe.run({{runOnly: {json.dumps(tags)}}}).then((found) => tell(found.violations.map((v) => [
        v.id, v.impact, v.help, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200)),
      ])), (error) => tell([String(error)]));
    </script>"""
    assert told(dom(with_script(short_page, script), *options)) == []


@needs_chromium
def test_without_scripts_everything_is_there(page: Path, flawed: Made) -> None:
    document = dom(without_scripts(page))
    for finding in flawed.record.findings:
        assert f'id="case-{finding["key"].replace("/", "--")}"' in document
    assert document.count('<form class="filter" hidden=""') == 2
    assert not re.search(r"<(tr|details)[^>]* hidden", document)


@needs_chromium
def test_with_scripts_the_filters_work_under_the_policy(page: Path) -> None:
    assert '<form class="filter" hidden' not in dom(page)
    script = f"""<script>{TELL}
      const form = document.querySelector("#matrix form");
      const rows = [...document.querySelectorAll("#matrix tr[data-state]")];
      const shown = () => rows.filter((row) => !row.hidden);
      const all = shown().length;
      form.elements.text.value = "code_verifier 43";
      form.dispatchEvent(new Event("input"));
      const found = shown().map((row) => row.textContent);
      form.elements.text.value = "";
      form.elements.state.value = "open";
      form.dispatchEvent(new Event("input"));
      const open = shown().map((row) => row.dataset.state);
      tell({{all, found, open, said: form.querySelector("output").textContent}});
    </script>"""
    seen = told(dom(with_script(page, script)))
    assert seen["all"] > 700
    assert 0 < len(seen["found"]) < 10
    assert all("code_verifier" in text.lower() for text in seen["found"])
    assert set(seen["open"]) == {"tested open"}
    assert seen["said"] == f"{len(seen['open'])} of {seen['all']}"


@needs_chromium
def test_a_link_to_a_folded_case_opens_it(page: Path, flawed: Made) -> None:
    passed = next(f for f in every_verdict(flawed.record).findings if f["verdict"] == "pass")
    anchor = f"case-{passed['key'].replace('/', '--')}"
    script = f"""<script>{TELL}
      location.hash = {json.dumps(anchor)};
      addEventListener("hashchange", () => setTimeout(
        () => tell(document.getElementById({json.dumps(anchor)}).open)));
    </script>"""
    assert told(dom(with_script(page, script))) is True


@needs_chromium
def test_no_script_of_a_target_runs(flawed: Made, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(audit_page(hostile(flawed.record)), "utf-8")
    document = dom(path)
    tags = Outline(document, whole=False).tags
    assert "img" not in {tag for tag, _ in tags}
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]


@needs_chromium
def test_it_is_printed_whole_without_scripts(page: Path, tmp_path: Path) -> None:
    pdf = tmp_path / "audit.pdf"
    chromium(without_scripts(page), "--no-pdf-header-footer", f"--print-to-pdf={pdf}")
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes()))
    assert 10 < pages < 200


@needs_chromium
def test_it_fits_a_phone(page: Path, tmp_path: Path) -> None:
    """Nothing but tables that scroll by themselves is wider than a screen of 320 CSS pixels."""
    frame = tmp_path / "phone.html"
    measure = f"""<script>{TELL}
      const page = document.documentElement;
      parent.postMessage([page.scrollWidth, page.clientWidth], "*");
    </script>"""
    inner = with_script(page, measure)
    frame.write_text(
        f"""<body><iframe src="{inner.name}" width="320" height="900"></iframe><script>{TELL}
        addEventListener("message", (event) => tell(event.data));</script></body>""",
        "utf-8",
    )
    wide, seen = told(dom(frame))
    assert wide <= seen


def test_four_hundred_cases_stay_under_three_megabytes(flawed: Made) -> None:
    assert len(audit_page(four_hundred(flawed.record)).encode()) < 3_000_000


def four_hundred(record: Record) -> Record:
    """Four hundred cases with their evidence, a fifth of them failures."""
    findings = []
    broken = [f for f in record.findings if f["verdict"] == "fail"]
    passed = [f for f in record.findings if f["verdict"] == "pass"]
    for number in range(400):
        kind = broken if number % 5 == 0 else passed
        finding = kind[number % len(kind)]
        findings.append(finding | {"key": f"{finding['key']}-{number}"})
    return replace(record, findings=tuple(findings))
