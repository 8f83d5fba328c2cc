"""Memory goes back to the system after so much evidence has come and gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tokenspec.conformance.record import lines, reading, stored
from tokenspec.conformance.record.lines import RecordWriter
from tokenspec.conformance.record.memory import MemoryTrim, trim
from tokenspec.conformance.record.reading import read_record

HEADER = {"type": "header", "format": 1}
FINDING = {"type": "finding", "key": "a/b", "exchanges": ["much" * 100], "twin": []}


def test_it_is_given_back_each_time_that_so_much_is_gone() -> None:
    times: list[int] = []
    memory = MemoryTrim(100, lambda: times.append(1))
    counts = []
    for _ in range(5):
        memory.gone(60)
        counts.append(len(times))
    assert counts == [0, 1, 1, 2, 2]


def test_it_works_on_this_system_whatever_its_library() -> None:
    trim()
    trim()


def test_what_is_written_and_read_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[int] = []

    class Counting(MemoryTrim):
        def gone(self, octets: int) -> None:
            gone.append(octets)

    for module in (lines, reading, stored):
        monkeypatch.setattr(module, "MemoryTrim", Counting)
    monkeypatch.setattr(reading, "wrong", lambda _line: "")  # these are lines of size alone
    path = tmp_path / "record.ndjson"
    with RecordWriter(path) as writer:
        writer.write(HEADER)
        writer.write(FINDING)
    sizes = [len(line) for line in path.read_bytes().splitlines(keepends=True)]
    assert gone == sizes
    found = read_record(path, leave_evidence=True).findings[0]
    assert gone == sizes * 2
    assert found["exchanges"] == ["much" * 100]
    assert gone == [*sizes * 2, sizes[1]]
