"""The evidence of one finding as HTML for the run page. Every value is escaped here.

The page is kept in memory until it is written, so what passed is told there in short.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any
from urllib.parse import quote

from tokenspec.reports.summary import QUIET
from tokenspec.reports.terminal import evidence_text
from tokenspec.reports.words import case_anchor

LONGEST = 4_000  # characters of evidence one row of the run page carries
STYLE = (
    "white-space:pre-wrap;overflow-wrap:anywhere;font:12px/1.45 ui-monospace,monospace;"
    "color:#1f2328;background:#f6f8fa;border:1px solid #d0d7de;border-radius:4px;"
    "padding:8px;margin:4px 0 10px"
)
Line = Mapping[str, Any]


def evidence_html(finding: Line, audit: str) -> str:
    """What was decided and the exchanges it rests on, cut to a size a browser shows at once.

    A case that passed or does not apply is told in two lines and a link; `audit` is where the audit
    page lies, seen from the run page.
    """
    if finding["verdict"] in QUIET:
        return _in_short(finding, f"{quote(audit)}#{case_anchor(finding['key'])}")
    parts = [_summary(finding)]
    room = LONGEST
    for number, exchange in enumerate(finding["exchanges"], start=1):
        text = "\n".join(exchange_lines(exchange))
        if len(text) > room:
            text = text[:room] + "…"
        room -= len(text)
        title = f"{number}. {exchange['step']}: {exchange['method']} → {_status(exchange)}"
        parts.append(f"<strong>{escape(title)}</strong><div style='{STYLE}'>{escape(text)}</div>")
        if room <= 0:
            left = len(finding["exchanges"]) - number
            parts.append(f"<p>{left} more exchange(s) are in the record.</p>" if left else "")
            break
    return "".join(parts)


def _in_short(finding: Line, link: str) -> str:
    seen = finding["observed"] or finding["note"]
    return (
        f"<p>{escape(_required(finding))}</p><p>{escape(str(seen))} "
        f"<a href='{link}'>All of it in the audit page</a></p>"
    )


def _required(finding: Line) -> str:
    return f"{finding['citation']} ({finding['level']}): {finding['text']}"


def _summary(finding: Line) -> str:
    rows = {
        "Requirement": _required(finding),
        "Level": finding.get("level_why", ""),
        "Sent": "; ".join(finding["sent"]) or "the valid exchange",
        "Expected": finding["expected"],
        "Got": finding["observed"],
        "Note": finding["note"],
        "Documented": evidence_text(finding.get("deviation")),
        "Control": finding["control"],
        "Oracle": finding["oracle"],
        "Why it matters": finding["why"],
        "Scenario": f"{finding['file']}:{finding['line']}",
    }
    cells = "".join(
        f"<tr><th scope='row' style='text-align:left;vertical-align:top;padding:2px 12px 2px 0'>"
        f"{escape(name)}</th><td style='overflow-wrap:anywhere'>{escape(str(text))}</td></tr>"
        for name, text in rows.items()
        if text
    )
    return f"<table style='margin:6px 0 10px;color:#1f2328'>{cells}</table>"


def exchange_lines(exchange: Line) -> Iterator[str]:
    """A request and its answer as plain text."""
    yield f"{exchange['method']} {exchange['url']}"
    yield from (f"{name}: {value}" for name, value in exchange["request_headers"])
    if exchange["decoded"]:
        yield f"DPoP proof, decoded: {json.dumps(exchange['decoded'], ensure_ascii=False)}"
    if exchange["request_body"]:
        yield f"\n{exchange['request_body']}"
    yield f"\n→ {_status(exchange)}"
    yield from (f"{name}: {value}" for name, value in exchange["response_headers"])
    if exchange["response_body"]:
        yield f"\n{exchange['response_body']}"
    for name, token in exchange.get("tokens", {}).items():
        yield f"\n{name}, decoded: {json.dumps(token, ensure_ascii=False)}"


def _status(exchange: Line) -> str:
    return str(exchange["status"] or exchange["failure"] or "no answer")
