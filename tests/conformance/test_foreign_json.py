"""JSON that somebody else wrote: what is too deep for one Python is too deep for all."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenspec.conformance.http import DEEPEST, read_json, shallow
from tokenspec.conformance.record.redaction import Redactor


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


@given(st.integers(1, 2 * DEEPEST))
def test_it_is_read_to_a_certain_depth(levels: int) -> None:
    assert shallow(json.loads(nested(levels))) is (levels < DEEPEST)


@pytest.mark.parametrize("levels", [DEEPEST, 1200, 100_000])
def test_beyond_it_the_error_is_always_the_same(levels: int) -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        read_json(nested(levels).encode())


@pytest.mark.parametrize("levels", [DEEPEST, 1200, 100_000])
def test_what_is_too_deep_to_be_searched_for_secrets_is_not_shown(levels: int) -> None:
    body = f'{{"access_token": "abc-secret-def", "b": {nested(levels)}}}'
    shown = Redactor(b"key").body(body.encode(), "application/json")
    assert shown == f"({len(body)} bytes of JSON, nested too deeply to be read)"


def test_members_are_redacted_just_above_it() -> None:
    body = f'{{"access_token": "abc-secret-def", "b": {nested(DEEPEST - 2)}}}'
    assert "abc-secret-def" not in Redactor(b"key").body(body.encode(), "application/json")
