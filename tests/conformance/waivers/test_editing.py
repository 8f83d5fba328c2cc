"""Waiver files brought up to date: comments and order stay, and what is written can be read."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenspec.conformance.errors import UnusableFile, UsageError
from tokenspec.conformance.waivers.editing import Draft, added, removed
from tokenspec.conformance.waivers.loader import parse_waivers

DAY = date(2027, 1, 31)
FILE = """\
# ours
format: 1

waivers:
  # the cascade
  - id: a/b  # one
    reason: >-
      long
      text
    owner: me
    expires: "2027-01-01"

  # the second
  - owner: me
    id: c
    expires: "2027-01-01"
    reason: known
# the end
"""


def a_line(key: str, kind: str = "accepted") -> dict[str, str]:
    return {"key": key, "kind": kind, "citation": "RFC 1 §1", "level": "MUST", "title": "T: # 'x'"}


def ids(text: str) -> list[str]:
    return [waiver.id for waiver in parse_waivers(text, "w.yaml", unfinished=True).entries]


def test_new_entries_follow_the_last_one() -> None:
    text = added(FILE, [a_line("e/f")], Draft(DAY, "why: not", "me", "https://x.example"))
    assert ids(text) == ["a/b", "c", "e/f"]
    before, after = FILE.split("# the end")
    assert text.startswith(before)
    assert text.endswith(f"# the end{after}")
    last = parse_waivers(text, "w.yaml").entries[-1]
    assert (last.reason, last.kind, last.expires) == ("why: not", "accepted", DAY)


@pytest.mark.parametrize("text", ["", "format: 1\nwaivers: []\n", "waivers: []\nformat: 1\n"])
def test_a_new_or_empty_file(text: str) -> None:
    written = added(text, [a_line("e/f", ""), a_line("g/h")], Draft(DAY))
    assert ids(written) == ["e/f", "g/h"]
    with pytest.raises(UnusableFile, match="reason is still 'TODO'"):
        parse_waivers(written, "w.yaml")


def test_a_removed_entry_leaves_the_rest_as_it_was() -> None:
    assert removed(FILE, ["c"]) == FILE.replace(
        '  - owner: me\n    id: c\n    expires: "2027-01-01"\n    reason: known\n', ""
    )
    left = removed(FILE, ["a/b"])
    assert ids(left) == ["c"]
    assert "# the cascade" in left


def test_removing_all_leaves_a_file_that_can_be_read() -> None:
    assert ids(removed(FILE, ["a/b", "c"])) == []


def test_a_list_in_one_line_is_left_alone() -> None:
    text = "format: 1\nwaivers: [{id: a, reason: b, owner: c, expires: 2027-01-01}]\n"
    with pytest.raises(UsageError):
        added(text, [a_line("e/f")], Draft(DAY))
    with pytest.raises(UsageError):
        removed(text, ["a"])


words = st.text("ab\"'#:-{}[]\\ é\n\t1", min_size=1, max_size=12).filter(str.strip)
keys = st.lists(st.sampled_from(["p/q", "r/s", "t/u", "v/w"]), unique=True, max_size=4)


@given(keys, st.sets(st.sampled_from(["a/b", "c", "p/q", "r/s", "t/u"])), words, words)
def test_what_is_added_and_removed_is_exactly_what_was_asked(
    new: list[str], gone: set[str], reason: str, owner: str
) -> None:
    written = added(FILE, map(a_line, new), Draft(DAY, reason, owner))
    left = removed(written, gone)
    assert ids(left) == [key for key in ["a/b", "c", *new] if key not in gone]
    for waiver in parse_waivers(left, "w.yaml").entries:
        if waiver.id in new:
            assert (waiver.reason, waiver.owner) == (reason.strip(), owner.strip())
