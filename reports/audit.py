"""The audit page: one static HTML file, complete without scripts, made from a record alone.

Everything that comes out of a record is escaped by the template engine; a policy in the page lets
no script and no style run but the two that stand in it, named by their hashes.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from tokenspec.reports import curl, words
from tokenspec.reports.again import replay
from tokenspec.reports.causes import grade, headline, percent
from tokenspec.reports.comparison import Difference, differences
from tokenspec.reports.record import Line, Record, Source
from tokenspec.reports.summary import FAILING, QUIET, Summary, rank
from tokenspec.reports.symptoms import Symptom
from tokenspec.reports.words import case_anchor, slug

# headers that say nothing of a case that passed
USUAL = ("accept", "sec-fetch-", "user-agent", "content-length", "date", "connection", "access-")


@dataclass(frozen=True, slots=True)
class Group:
    """Findings that are told together, such as those of one scenario that fail in the same way.

    `alike` are further groups in which the same was seen, told below this one.
    """

    first: Line
    findings: tuple[Line, ...]
    alike: tuple[Group, ...] = ()

    @property
    def anchor(self) -> str:
        """Where the group stands in the page."""
        return f"finding-{slug(self.first['key'])}"


def audit_page(record: Record, sources: Sequence[Source] = ()) -> str:
    """The page as HTML. `sources` are named at its foot."""
    return "".join(audit_pieces(record, sources))


def audit_pieces(record: Record, sources: Sequence[Source] = ()) -> Iterator[str]:
    """The page piece by piece, so that no more than a case of it is in memory."""
    style, script = _part("audit.css"), _part("audit.js")
    summary = Summary.of(record)
    loud = [f for f in record.findings if f["verdict"] not in QUIET]
    return (
        _environment()
        .get_template("audit.html")
        .generate(
            record=record,
            header=record.header,
            target=record.header.get("target", {}),
            summary=summary,
            sources=sources,
            groups=list(_groups(loud)),
            quiet=[f for f in record.findings if f["verdict"] in QUIET],
            deviations=list(_deviating(record.findings)),
            waivers=list(_waived(record.findings)),
            by_key={finding["key"]: finding for finding in record.findings},
            words=words,
            causes_headline=headline(record),
            style=style,
            script=script,
            policy=_policy(style, script),
        )
    )


def safe_url(url: str) -> str:
    """`url` if a browser may follow it from a report, else nothing."""
    return url if str(url).startswith(("https://", "http://")) else ""


def worst(row: Line, by_key: dict[str, Line]) -> str:
    """The gravest verdict among the cases of a requirement; empty where none has one."""
    verdicts = [by_key[key]["verdict"] for key in row.get("cases", ()) if key in by_key]
    return min(verdicts, key=rank, default="")


def deciding(finding: Line) -> Line | None:
    """The exchange a finding's verdict rests on: the last of its deciding step."""
    exchanges = list(finding.get("exchanges", ()))
    own = [exchange for exchange in exchanges if exchange["step"] == finding.get("step")]
    if own and own[0]["step"].startswith("authorize"):
        return dict(own[0])
    return dict((own or exchanges)[-1]) if exchanges else None


def beginning(finding: Line) -> str:
    """The authorization request that a finding begins with; empty where it has none."""
    asked = (one["url"] for one in finding.get("exchanges", ()) if one["step"] == "authorize")
    return next((url for url in asked if "response_type=" in url and safe_url(url)), "")


def split_differences(finding: Line) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
    """The differences a case is about, and those that are there because each exchange is new."""
    found = differences(finding)
    return tuple(d for d in found if d.meant), tuple(d for d in found if not d.meant)


def request_text(exchange: Line) -> str:
    """A request as it travels: line, headers, body."""
    lines = [f"{exchange['method']} {exchange['url']}"]
    lines += [f"{name}: {value}" for name, value in exchange["request_headers"]]
    return "\n".join(
        [*lines, *(["", exchange["request_body"]] if exchange["request_body"] else [])]
    )


def brief(exchange: Line) -> Line:
    """An exchange without the headers that come with each, as the record has them."""
    kept = {
        name: [pair for pair in exchange[name] if not pair[0].lower().startswith(USUAL)]
        for name in ("request_headers", "response_headers")
    }
    return {**exchange, **kept}


def response_text(exchange: Line) -> str:
    """An answer as it travels."""
    lines = [str(exchange["status"] or exchange["failure"] or "no answer")]
    lines += [f"{name}: {value}" for name, value in exchange["response_headers"]]
    body = exchange["response_body"]
    return "\n".join([*lines, *(["", body] if body else [])])


def bars(counts: Iterable[tuple[str, int]]) -> Iterator[dict[str, Any]]:
    """The parts of a stacked bar: what each is for, where it begins, its width in percent."""
    shares = [(name, number) for name, number in counts if number]
    total = sum(number for _, number in shares) or 1
    at = 0.0
    for name, number in shares:
        width = 100 * number / total
        yield {"name": name, "x": round(at, 2), "width": round(width, 2)}
        at += width


def _groups(findings: Iterable[Line]) -> Iterator[Group]:
    grouped: dict[tuple[Any, ...], list[Line]] = {}
    for finding in findings:
        named = (finding["verdict"], finding["scenario"], finding["requirement"], finding["kind"])
        grouped.setdefault(named, []).append(finding)
    ordered = sorted(grouped.values(), key=lambda own: rank(own[0]["verdict"]))
    return _folded(Group(own[0], tuple(own)) for own in ordered)


def _folded(groups: Iterable[Group]) -> Iterator[Group]:
    """Groups in which nothing was seen but what another shows, below the first of them."""
    found: dict[object, list[Group]] = {}
    for group in groups:
        first, *others = {Symptom.of(finding) for finding in group.findings}
        together = group.anchor if first is None or others else first
        found.setdefault(together, []).append(group)
    return (replace(first, alike=tuple(others)) for first, *others in found.values())


def _deviating(findings: Iterable[Line]) -> Iterator[Group]:
    """Documented differences, by source and by what was seen."""
    grouped: dict[Any, list[Line]] = {}
    for finding in findings:
        if finding.get("deviation"):
            named = finding["deviation"]["source"], finding["observed"]
            grouped.setdefault(named, []).append(finding)
    return (Group(own[0], tuple(own)) for own in grouped.values())


def _waived(findings: Iterable[Line]) -> Iterator[Group]:
    """Findings that a waiver covers, by waiver; what passes needs none."""
    grouped: dict[Any, list[Line]] = {}
    for finding in findings:
        if finding.get("waiver") and finding["verdict"] not in QUIET:
            waiver = finding["waiver"]
            grouped.setdefault(waiver.get("id", finding["key"]), []).append(finding)
    return (Group(own[0], tuple(own)) for own in grouped.values())


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@functools.cache
def _part(name: str) -> str:
    return (
        (resources.files("tokenspec.reports") / "templates" / name)
        .read_text(encoding="utf-8")
        .strip()
    )


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tokenspec.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "slug": slug,
        "case_anchor": case_anchor,
        "safe_url": safe_url,
        "request_text": request_text,
        "response_text": response_text,
        "brief": brief,
        "curl": curl.curl,
        "variables": curl.variables,
        "split_differences": split_differences,
        "deciding": deciding,
        "bars": bars,
        "plain_json": lambda value: json.dumps(value, ensure_ascii=False, indent=1),
        "worst": worst,
        "percent": percent,
        "beginning": beginning,
    }
    environment.globals |= {
        "word": words.word,
        "replay": replay,
        "FAILING": FAILING,
        "grade": grade,
    }
    return environment
