"""The loader of waiver files, and the schema that editors read."""

from __future__ import annotations

from datetime import date
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tokenspec.conformance.errors import UnusableFile
from tokenspec.conformance.waivers import schema
from tokenspec.conformance.waivers.loader import KINDS, parse_waivers

GOOD = """\
format: 1
waivers:
  - id: code-used-twice/then-its-access-token
    kind: accepted
    reason: the cascade lands in 4.2
    owner: team-auth
    link: https://tracker.example/AUTH-512
    expires: "2027-03-31"
  - {id: pkce-retry, reason: known, owner: me, expires: 2027-01-01}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(UnusableFile) as caught:
        parse_waivers(text, "w.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_a_file_says_what_it_says() -> None:
    first, second = parse_waivers(GOOD, "w.yaml").entries
    assert (first.id, first.kind, first.owner) == (
        "code-used-twice/then-its-access-token", "accepted", "team-auth",
    )  # fmt: skip
    assert first.expires == date(2027, 3, 31)
    assert first.where == "w.yaml:3"
    assert second.where == "w.yaml:9"
    assert second.covers("pkce-retry/then-the-right-one")
    assert not second.covers("pkce-retry-other/x")


def test_it_is_in_force_on_its_last_day_and_not_on_the_next() -> None:
    waiver = parse_waivers(GOOD, "w.yaml").entries[0]
    assert not waiver.expired(date(2027, 3, 31))
    assert waiver.expired(date(2027, 4, 1))


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{id: a, owner: b, expires: 2027-01-01}", "w.yaml:3:5: missing key 'reason'"),
        ("{id: a, reason: b, expires: 2027-01-01}", "missing key 'owner'"),
        ("{id: a, reason: b, owner: c}", "missing key 'expires'"),
        ("{id: a, reason: TODO, owner: c, expires: 2027-01-01}", "reason is still 'TODO'"),
        ("{id: a, reason: b, owner: todo, expires: 2027-01-01}", "owner is still 'todo'"),
        ("{id: a, reason: ' ', owner: c, expires: 2027-01-01}", "reason is empty"),
        ("{id: a, reason: b, owner: c, expires: 2027-02-30}", "not a calendar date"),
        ("{id: a, reason: b, owner: c, expires: 20270101}", "found 20270101"),
        ("{id: a, reason: b, owner: c, expires: tomorrow}", "not a calendar date"),
        ("{id: A/b, reason: b, owner: c, expires: 2027-01-01}", "w.yaml:3:10: 'A/b' is not an id"),
        ("{id: a, kind: acepted, reason: b, owner: c, expires: 2027-01-01}", "'accepted'?"),
        ("{id: a, link: 'x:1', reason: b, owner: c, expires: 2027-01-01}", "not a web address"),
        ("{id: a, raeson: b, owner: c, expires: 2027-01-01}", "did you mean 'reason'?"),
    ],
)
def test_a_wrong_entry_is_told_with_its_place(entry: str, told: str) -> None:
    said = "\n".join(problems(f"format: 1\nwaivers:\n  - {entry}\n"))
    assert told in said


def test_all_problems_are_told_at_once() -> None:
    said = problems("format: 2\nwaivers:\n  - {id: a}\n  - {id: b}\nmore: 1\n")
    assert len(said) == 1 + 3 + 3 + 1


def test_two_waivers_for_one_case_are_refused() -> None:
    rest = "reason: b, owner: c, expires: 2027-01-01"
    twice = f"format: 1\nwaivers:\n  - {{id: a/b, {rest}}}\n  - {{id: a/b, {rest}}}\n"
    assert "w.yaml:4:5: 'a/b' is waived twice\n  hint: first at line 3" in problems(twice)
    both = f"format: 1\nwaivers:\n  - {{id: a/b, {rest}}}\n  - {{id: a, {rest}}}\n"
    assert "line 4 waives the whole scenario" in problems(both)[0]


def test_an_unfinished_file_can_still_be_edited() -> None:
    text = "format: 1\nwaivers:\n  - {id: a, reason: TODO, owner: TODO, expires: 2027-01-01}\n"
    assert parse_waivers(text, "w.yaml", unfinished=True).entries[0].reason == "TODO"


def test_the_published_schema_is_the_one_of_the_loader() -> None:
    assert schema.SCHEMA_FILE.read_text("utf-8") == schema.text()
    jsonschema.Draft7Validator.check_schema(schema.build_schema())


entries = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "a/b", "A", "a/b/c", ""]),
        "reason": st.sampled_from(["known", "TODO", " todo later", "", " "]),
        "owner": st.sampled_from(["me", "TODO"]),
        "expires": st.sampled_from(["2027-01-01", "soon", "2027-1-1"]),
    },
    optional={
        "kind": st.sampled_from([*KINDS, "other"]),
        "link": st.sampled_from(["https://x.example", "ftp://x", "javascript:alert(1)"]),
        "extra": st.just("x"),
    },
)


@given(entries)
def test_schema_and_loader_agree(entry: dict[str, Any]) -> None:
    document = {"format": 1, "waivers": [entry]}
    valid = jsonschema.Draft7Validator(schema.build_schema()).is_valid(document)
    try:
        parse_waivers(yaml.safe_dump(document), "w.yaml")
    except UnusableFile:
        assert not valid
    else:
        assert valid
