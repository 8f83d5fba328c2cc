"""Standard output that is full, closed or of few characters ends no command in a traceback."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from tokenspec.conformance.cli import main
from tokenspec.conformance.errors import HarnessError
from tokenspec.conformance.machine.streams import Output, guarded_output, lasting_output

FULL = Path("/dev/full")
WORDS = ["explain", "RFC7636-4.6"]
needs_full = pytest.mark.skipif(not FULL.exists(), reason="Linux has such a device")


@pytest.fixture
def full() -> Iterator[TextIO]:
    with FULL.open("w", encoding="utf-8") as stream:
        yield stream


@needs_full
@pytest.mark.parametrize("words", [WORDS, ["list"], ["completion", "bash"]])
def test_a_verb_ends_with_3_where_its_output_is_full(
    words: list[str], full: TextIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stdout", full)
    monkeypatch.setattr(sys, "stderr", said)
    assert main(words) == 3
    assert said.getvalue().startswith("tokenspec: standard output cannot be written: No space left")
    assert "Traceback" not in said.getvalue()


def test_a_verb_whose_output_is_closed_does_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(WORDS) == 0
    assert main(["explain", "RFC0000-1"]) == 4


def test_a_reader_that_has_seen_enough_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert main(["list"]) == 2
    assert said.getvalue() == ""


def test_a_terminal_of_ascii_shows_what_it_cannot_show_as_escapes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = io.BytesIO()
    stream = io.TextIOWrapper(taken, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(WORDS) == 0
    assert b"RFC 7636 \\xa74.6" in taken.getvalue()


@needs_full
def test_a_run_goes_on_without_its_output(full: TextIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", full)
    with guarded_output(), lasting_output() as output:
        for _ in range(3):
            sys.stdout.write("line\n")
            sys.stdout.flush()
    assert output.failed is not None
    assert not output.left


@needs_full
def test_what_was_kept_back_is_not_tried_again_at_the_end(full: TextIO) -> None:
    output = Output(full)
    output.write("line\n")
    with pytest.raises(HarnessError):
        output.flush()
    full.flush()  # as Python does when it ends
