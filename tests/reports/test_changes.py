"""Two records compared: what is worse, and what made the difference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenspec.reports.changes import Comparison, Line, compare, worse
from tokenspec.reports.changes_text import as_json, as_markdown, as_text

SCHEMA = Path(__file__).parents[2] / "conformance" / "schema" / "diff-1.schema.json"
VERDICTS = ("pass", "observe", "warn", "fail", "waived", "could-not-run", "not-applicable")
KINDS = ("", "accepted", "wrong-error")


class ARecord:
    def __init__(self, *findings: Line, footer: Line | None = None, **header: Any) -> None:
        self.header: Line = {
            "target": {"issuer": "https://as.example", "version": "1"},
            "tokenspec": "1.0",
            "profile": "rfc",
            "suite": {"digest": "d"},
        } | header
        self.findings = findings
        self.footer: Line | None = footer if footer is not None else {"exit_code": 0}
        self.causes: tuple[Line, ...] = ()


def a_line(verdict: str, kind: str = "", **more: str | int) -> dict[str, Any]:
    return {
        "key": "a/b",
        "title": "Title",
        "citation": "RFC 1 §1",
        "level": "MUST",
        "verdict": verdict,
        "kind": kind,
        "digest": "1",
        "judged": "",
    } | more


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, a_line("fail", "accepted"), True),  # a new case that fails is new
        (None, a_line("pass"), False),
        (a_line("pass"), a_line("fail", "accepted"), True),
        (a_line("fail", "accepted"), a_line("fail", "accepted"), False),
        (a_line("fail", "wrong-error"), a_line("fail", "accepted"), True),
        (a_line("fail", "accepted"), a_line("warn", "wrong-error"), False),  # milder
        (a_line("warn", "wrong-error"), a_line("fail", "wrong-error"), True),
        (a_line("could-not-run"), a_line("fail", "accepted"), True),
        (a_line("pass"), a_line("could-not-run"), True),
        (a_line("could-not-run"), a_line("could-not-run"), False),
        (a_line("pass"), a_line("could-not-run", level="SHOULD"), False),
        (a_line("waived", "accepted", judged="fail"), a_line("fail", "accepted"), False),
        (a_line("fail", "accepted"), a_line("waived", "accepted", judged="fail"), False),
        (a_line("pass"), a_line("waived", "accepted", judged="fail"), False),
        (a_line("fail", "accepted"), a_line("pass"), False),
        (a_line("pass"), a_line("not-applicable"), False),
    ],
)
def test_what_a_gate_stops(before: Line | None, after: Line, expected: bool) -> None:  # noqa: FBT001
    assert worse(before, after) is expected


lines = st.builds(a_line, st.sampled_from(VERDICTS), st.sampled_from(KINDS))


@given(lines)
def test_nothing_is_worse_than_itself(line: Line) -> None:
    assert not worse(line, line)
    assert compare(ARecord(line), ARecord(line)).changes == ()


@given(lines, lines)
def test_what_got_worse_did_not_get_better(one: Line, other: Line) -> None:
    if "fail" in (one["verdict"], other["verdict"]) and one["kind"] == other["kind"]:
        assert not (worse(one, other) and worse(other, one) and "could-not-run" not in (
            one["verdict"], other["verdict"]))  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        (ARecord(a_line("pass")), ARecord(a_line("fail", "accepted")), "target"),
        (ARecord(a_line("pass")), ARecord(a_line("fail", "accepted", digest="2")), "suite"),
        (ARecord(a_line("pass", races=12)), ARecord(a_line("observe", races=12)), "luck"),
        (ARecord(a_line("pass", races=0)), ARecord(a_line("fail", races=12)), "target"),
        (ARecord(a_line("pass")), ARecord(a_line("warn"), profile={"name": "x"}), "profile"),
        (ARecord(a_line("pass")), ARecord(a_line("warn"), tokenspec="1.1"), "tokenspec"),
        (ARecord(a_line("fail")), ARecord(a_line("waived", judged="fail")), "waivers"),
        (ARecord(), ARecord(a_line("pass")), "selection"),
        (ARecord(a_line("pass")), ARecord(), "selection"),
        (ARecord(), ARecord(a_line("fail"), suite={"digest": "e"}), "suite"),
        (ARecord(a_line("fail")), ARecord(suite={"digest": "e"}), "suite"),
    ],
)
def test_what_made_the_difference(old: ARecord, new: ARecord, cause: str) -> None:
    (change,) = compare(old, new).changes
    assert change.cause == cause
    assert change.why


def test_the_runs_as_a_whole() -> None:
    new = ARecord(target={"issuer": "https://as.example", "version": "2"}, profile="auth0")
    new.footer = None
    assert compare(ARecord(), new).notes == (
        "target version: 1 → 2",
        "profile: rfc → auth0",
        "the newer record was cut off before its end",
    )


def a_cause(name: str) -> Line:
    return {"id": name, "sentence": f"It is so: {name} <b>.", "citation": "RFC 1 §1", "more": 1}


def test_causes_that_came_and_went() -> None:
    old, new = ARecord(a_line("fail")), ARecord(a_line("fail", "accepted"))
    old.causes, new.causes = (
        (a_cause("stays"), a_cause("went")),
        (a_cause("came"), a_cause("stays")),
    )
    found = compare(old, new)
    told = json.loads(as_json(found))
    jsonschema.validate(told, json.loads(SCHEMA.read_text("utf-8")))
    assert [one["id"] for one in told["causes"]["came"]] == ["came"]
    assert [one["id"] for one in told["causes"]["went"]] == ["went"]
    text = as_text(found)
    assert text.index("causes that are new\n  It is so: came") < text.index("causes that are gone")
    assert "stays" not in text
    page = as_markdown(found)
    assert "#### causes that are gone\n\n- It is so: went &lt;b" in page
    assert "<b" not in page


def found() -> Comparison:
    evil = "x | <script>alert(1)</script> `"
    better = a_line("pass", key="c/d", title=evil)
    old = ARecord(a_line("pass"), a_line("fail", "accepted", key="c/d", title=evil))
    target = {"issuer": "https://as.example", "version": evil}
    return compare(old, ARecord(a_line("fail", "accepted"), better, target=target))


def test_as_text() -> None:
    text = as_text(found())
    assert text.index("for the worse") < text.index("a/b") < text.index("other changes")
    assert "RFC 1 §1 (MUST): pass → fail (accepted)" in text
    assert text.endswith("2 case(s) changed (2 by target), 1 for the worse, 0 unchanged")


def test_as_markdown_no_text_of_a_server_becomes_markup() -> None:
    text = as_markdown(found())
    assert "| `a/b` | RFC 1 §1 (MUST) | pass | fail (accepted) |" in text
    assert "<script" not in text


def test_as_json_fits_its_schema() -> None:
    value = json.loads(as_json(found()))
    jsonschema.Draft7Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(value)
    assert [change["worse"] for change in value["changes"]] == [True, False]
