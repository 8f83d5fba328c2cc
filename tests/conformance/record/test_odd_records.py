"""Records that were edited, cut or made by somebody else: each verb reads them, or says why not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.run.command import FAILING, MUST, Gate, serving
from tokenspec.conformance.cli import main
from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.record.reading import read_record
from tokenspec.conformance.record.resume import taken_over
from tokenspec.conformance.run.gate import open_gate
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.reference_server.demo import demo_config

ODD: tuple[Any, ...] = (None, 17, "x", [], {}, [None], {"a": None}, True)
WRONG_FILE = 4
LINES = ("header", "coverage", "finding", "footer")
Line = dict[str, Any]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Line]]:
    gate = Gate(tmp_path_factory.mktemp("record"))
    for issuer in serving(MUST):
        assert gate.run(issuer, "--select", FAILING) == 1, gate.said
        yield gate.record()


def written(path: Path, lines: list[Line]) -> Path:
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def edited(lines: list[Line], kind: str) -> Iterator[tuple[str, list[Line]]]:
    """The record with each member of a line taken out, and with another type in its place."""
    place = next(number for number, line in enumerate(lines) if line["type"] == kind)
    for number, name in enumerate(lines[place]):
        without = {key: value for key, value in lines[place].items() if key != name}
        for said, line in (
            (f"without {name}", without),
            (f"odd {name}", without | {name: ODD[number % len(ODD)]}),
        ):
            yield said, [*lines[:place], line, *lines[place + 1 :]]


@pytest.mark.parametrize("kind", LINES)
def test_every_verb_takes_an_edited_record_or_says_what_is_wrong(
    kind: str,
    lines: list[Line],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = written(tmp_path / "good.ndjson", lines)
    monkeypatch.chdir(tmp_path)  # where details of a fault would go
    for said, changed in edited(lines, kind):
        path = str(written(tmp_path / "edited.ndjson", changed))
        out = f"--report-dir={tmp_path / 'out'}"
        codes = [main(["report", path, "--format", "all", out]), main(["diff", path, str(good)])]
        told = capsys.readouterr().err
        assert set(codes) <= {0, 1, WRONG_FILE}, (said, told)
        if WRONG_FILE in codes:
            assert codes[0] == codes[1], said
            assert "edited.ndjson:" in told, said
        assert "a fault of tokenspec" not in told, said


@pytest.mark.parametrize("kind", LINES)
def test_a_member_that_is_required_is_named(kind: str, lines: list[Line], tmp_path: Path) -> None:
    number = next(number for number, line in enumerate(lines) if line["type"] == kind)
    name = {"header": "target", "coverage": "requirements", "finding": "exchanges"}.get(
        kind, "exit_code"
    )
    changed = [dict(line) for line in lines]
    del changed[number][name]
    path = written(tmp_path / "edited.ndjson", changed)
    for words in (["replay"], ["report"], ["diff", str(path)]):
        assert main([*words, str(path)]) == WRONG_FILE
    with pytest.raises(Exception, match=rf"edited\.ndjson:{number + 1}:1: {name} is missing"):
        read_record(path)
    with pytest.raises(Exception, match=f"{name} is missing"):
        open_gate("", str(path))
    setup = prepare_in_process(
        bundled_target("https://server.example"), demo_config("https://server.example")
    )
    with pytest.raises(Exception, match=f"{name} is missing"):
        taken_over(path, setup)


@pytest.mark.parametrize("part", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_a_record_cut_anywhere_is_read_as_far_as_it_goes(
    part: float, lines: list[Line], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = written(tmp_path / "whole.ndjson", lines)
    octets = whole.read_bytes()
    cut = tmp_path / "cut.ndjson"
    cut.write_bytes(octets[: int(len(octets) * part)])
    for words in (
        ["report", str(cut), f"--report-dir={tmp_path / 'out'}"],
        ["diff", str(cut), str(whole)],
        ["diff", str(whole), str(cut)],
    ):
        code = main(words)
        told = capsys.readouterr().err
        if not cut.read_bytes().count(b"\n"):
            assert code == WRONG_FILE
            assert "cut.ndjson:1:1: no header of a known format" in told
        else:
            assert code in (0, 1)
            assert "WARNING: the record has no end: the run was cut off" in told


@pytest.mark.parametrize(
    "text",
    ["", "\n", "{}\n", "[]\n", "null\n", '{"type": "header", "format": 2}\n', "\x00\n",
     '{"type": {}}\n', "9" * 6000 + "\n", "[" * 50_000 + "\n", '{"type": "party"}\n', "PK\x03\x04"],
    ids=range(12),
)  # fmt: skip
@pytest.mark.parametrize("verb", ["report", "replay", "diff", "verify"])
def test_what_is_no_record_is_refused(
    verb: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.ndjson"
    path.write_text(text, encoding="utf-8")
    words = [verb, str(path), str(path)] if verb == "diff" else [verb, str(path)]
    assert main(words) == WRONG_FILE
    told = capsys.readouterr().err
    assert "odd.ndjson" in told
    assert len(told) < 500
