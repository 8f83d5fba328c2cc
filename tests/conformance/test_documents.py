"""The strict YAML reader."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenspec.conformance import documents
from tokenspec.conformance.documents import Reader
from tokenspec.conformance.errors import UnusableFile

scalars = st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="ascii"))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc", min_size=1), inner),
    max_leaves=12,
)


def read(text: str) -> Any:
    reader = Reader("a.yaml")
    documents = reader.documents(text)
    reader.finish()
    return documents[0].plain


@given(values)
def test_json_reads_as_itself(value: Any) -> None:
    assert read(f"value: {json.dumps(value)}") == {"value": value}


@pytest.mark.parametrize("word", ["no", "yes", "on", "12:30", "2026-01-01", "0x1f", "1_000", "010"])
def test_yaml_1_1_surprises_stay_text(word: str) -> None:
    assert read(f"value: {word}") == {"value": word}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: 1\na: 2\n", "a.yaml:2:1", "duplicate key 'a'"),
        ("a: &x 1\nb: *x\n", "a.yaml:1:4", "anchors and aliases"),
        ("a: [1\n", "a.yaml:2:1", "not valid YAML"),
    ],
)
def test_a_problem_names_its_place(text: str, place: str, message: str) -> None:
    with pytest.raises(UnusableFile) as caught:
        read(text)
    assert str(caught.value).startswith(place)
    assert message in str(caught.value)


def test_all_problems_are_told_at_once_in_file_order() -> None:
    reader = Reader("t.yaml")
    (document,) = reader.documents("colour: red\ncount: many\n")
    fields = reader.mapping(document, allowed=("color", "count"), required=("id",))
    reader.integer(fields["count"])
    with pytest.raises(UnusableFile) as caught:
        reader.finish()
    assert [problem.line for problem in caught.value.problems] == [1, 1, 2]
    assert "did you mean 'color'?" in str(caught.value)


@pytest.mark.parametrize("number", ["9" * 6000, "-" + "9" * 6000, "9" * 10_000_000])
def test_a_number_that_nobody_means_is_text_and_is_not_told_whole(number: str) -> None:
    reader = Reader("t.yaml")
    (document,) = reader.documents(f"count: {number}\n")
    reader.integer(reader.mapping(document)["count"])
    with pytest.raises(UnusableFile) as caught:
        reader.finish()
    assert "expected a whole number" in str(caught.value)
    assert len(str(caught.value)) < 200


def test_a_key_or_word_that_is_long_is_not_told_whole() -> None:
    reader = Reader("t.yaml")
    (document,) = reader.documents(f"{'k' * 900}: {'v' * 9000}\n")
    fields = reader.mapping(document, allowed=("a",))
    reader.choice(next(iter(fields.values())), ("a", "b"))
    with pytest.raises(UnusableFile) as caught:
        reader.finish()
    assert len(str(caught.value)) < 500


def test_a_pipe_is_read_and_one_that_nobody_writes_to_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = tmp_path / "target.yaml"
    os.mkfifo(pipe)
    monkeypatch.setattr(documents, "PIPE_PATIENCE", 0)
    with pytest.raises(UnusableFile, match="nobody wrote to this pipe within 0 s"):
        documents.read_text(pipe)
    reading, writing = os.pipe()
    os.write(writing, b"format: 1")
    os.close(writing)
    assert documents.read_text(Path(f"/dev/fd/{reading}")) == "format: 1"
    os.close(reading)
