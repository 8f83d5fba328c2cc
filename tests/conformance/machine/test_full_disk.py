"""A disk or a limit that is full at any moment of a run: exit 3, and the record so far is whole."""

from __future__ import annotations

import errno
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conformance.run.command import Gate, verdicts
from tokenspec.conformance.record.reading import read_record

RUN = ("run", "--select", "pkce-verifier-wrong")
RECORD = Path("tokenspec-report/record.ndjson")


@contextmanager
def at_most(octets: int) -> Iterator[None]:
    """No file grows beyond so many octets within the block."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Gate:
    """A run that nothing kept from its end."""
    gate = Gate(tmp_path_factory.mktemp("whole"))
    assert gate(*RUN, "--seed", "1") == 0
    return gate


@pytest.mark.parametrize("octets", [0, 100, 2000])
def test_no_room_for_the_first_lines(octets: int, gate: Gate) -> None:
    with at_most(octets):
        assert gate(*RUN) == 3
    assert "cannot be written: File too large" in gate.said
    assert "Traceback" not in gate.said
    assert "--resume" not in gate.said
    assert list(gate.folder.glob("tokenspec-report/record.*")) == []


def test_no_room_in_the_middle_of_a_run_and_going_on_from_there(gate: Gate, whole: Gate) -> None:
    size = (whole.folder / RECORD).stat().st_size
    with at_most(size * 9 // 10):
        assert gate(*RUN, "--seed", "1") == 3
    assert "Traceback" not in gate.said
    assert f"run again with --resume {RECORD}" in gate.said
    kept = read_record(gate.folder / RECORD)
    assert 0 < len(kept.findings) < len(verdicts(whole.record()))
    assert kept.footer is None
    assert gate(*RUN, "--seed", "1", "--resume", str(RECORD)) == 0
    assert verdicts(gate.record()) == verdicts(whole.record())


@pytest.mark.parametrize(
    "writing", ["reports.formats._write_whole", "conformance.plugin.recording.read_record"]
)
def test_no_room_for_the_reports(writing: str, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object, **_named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(f"tokenspec.{writing}", full)
    assert gate(*RUN) == 3
    assert "No space left on device" in gate.said
    assert f"tokenspec report {RECORD}" in gate.said
    assert "Traceback" not in gate.said
    assert gate.footer["exit_code"] == 0  # as the target is
    assert list(gate.folder.rglob("*.part")) == []


def test_no_room_for_pytest_htmls_page(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object, **_named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(
        "tokenspec.conformance.plugin.page.RunPage.pytest_html_results_summary", full
    )
    assert gate(*RUN) == 3
    assert "a page was not written: No space left on device" in gate.said
    assert "Traceback" not in gate.said
    assert not (gate.folder / "tokenspec-report/report.html").exists()
    assert (gate.folder / "tokenspec-report/audit.html").exists()


@pytest.mark.parametrize(
    "words", [("--format", "all", "--report-dir", "again"), ("--bundle", "evidence.zip")]
)
def test_no_room_for_what_the_verb_report_writes(words: tuple[str, ...], whole: Gate) -> None:
    with at_most(10):
        assert whole("report", str(RECORD), *words) == 3
    assert whole.said == "tokenspec: File too large\n  hint: make room, or raise the limit\n"
    assert list(whole.folder.rglob("*.part")) == []


def test_a_record_is_never_left_with_half_a_line(gate: Gate) -> None:
    with at_most(100_000):
        gate(*RUN)
    path = gate.folder / RECORD
    text = path.read_text("utf-8") if path.exists() else ""
    assert text == "" or text.endswith("\n")
    assert [json.loads(line)["type"] for line in text.splitlines()][:1] in ([], ["header"])
