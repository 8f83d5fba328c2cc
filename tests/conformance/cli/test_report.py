"""`tokenspec report`: from one record or from shards, and what it refuses to put together."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reports.conftest import DEFECTS, Made, make
from tokenspec.conformance.cli import main
from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.record.merging import read_records
from tokenspec.conformance.run.suite import whole_suite

SHARDS = 3


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("whole") / "record.ndjson", DEFECTS)


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same cases in three records."""
    folder = tmp_path_factory.mktemp("shards")
    paths = []
    for n in range(SHARDS):
        path = folder / f"shard-{n + 1}.ndjson"
        make(path, DEFECTS, share=slice(n, None, SHARDS))
        changed(path, lambda line, n=n: _with_shard(line, f"{n + 1}/{SHARDS}"))
        paths.append(path)
    return paths


def _with_shard(line: dict[str, Any], shard: str) -> None:
    if line["type"] == "header":
        line["settings"]["shard"] = shard


def lines(path: Path) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in path.read_text("utf-8").split("\n") if line)


def changed(path: Path, change: Callable[[dict[str, Any]], None], to: Path | None = None) -> Path:
    """The record with each line changed in place, or as another file."""
    told = []
    for line in lines(path):
        change(line)
        told.append(json.dumps(line, ensure_ascii=False))
    (to or path).write_text("\n".join(told) + "\n", encoding="utf-8")
    return to or path


def test_shards_merged_say_what_one_run_says(whole: Made, shards: list[Path]) -> None:
    merged = read_records(shards)
    one = whole.record
    races = {  # at a server with defects luck decides them
        case.key for case in whole_suite() if any(step.raced for step in case.steps)
    }
    said, alone = (
        {f["key"]: f["verdict"] for f in record.findings if f["key"] not in races}
        for record in (merged, one)
    )
    assert said == alone
    assert merged.complete
    assert merged.unfinished == ()
    assert merged.footer
    assert one.footer
    for record in (merged, one):  # who comes first in a race is luck, and may differ
        told = Counter(finding["verdict"] for finding in record.findings)
        assert record.footer
        assert record.footer["counts"] == dict(told)
    assert merged.footer["exit_code"] == one.footer["exit_code"]
    assert merged.header["suite"] == one.header["suite"]
    assert {r["requirement"]: sorted(r["cases"]) for r in merged.requirements} == {
        r["requirement"]: sorted(r["cases"]) for r in one.requirements
    }
    assert {r["requirement"]: r["reason"] for r in merged.requirements} == {
        r["requirement"]: r["reason"] for r in one.requirements
    }


def test_a_missing_shard_is_told_and_is_no_pass(
    shards: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read_records(shards[:2]).missing_shards == ("3/3",)
    assert read_records(shards[:1]).missing_shards == ("2/3", "3/3")
    passing = changed(shards[0], _pass, tmp_path / "shard.ndjson")
    arguments = ["report", str(passing), "--report-dir", str(tmp_path)]
    assert main([*arguments, "--exit-code"]) == 6
    assert "shards missing: 2/3, 3/3" in capsys.readouterr().err
    assert main(arguments) == 0
    assert "not of a whole run" in (tmp_path / "audit.html").read_text("utf-8")


def _pass(line: dict[str, Any]) -> None:
    if line["type"] == "finding" and line["verdict"] in ("fail", "warn"):
        line["verdict"] = "pass"
    if line["type"] == "footer":
        line["exit_code"] = 0


def _set(*path: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(line: dict[str, Any]) -> None:
        if line["type"] == "header":
            *parents, last = path
            for name in parents:
                line = line[name]
            line[last] = to

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_set("target", "issuer", to="https://other.example"), "target issuer"),
        (_set("target", "version", to="5"), "target version"),
        (_set("profile", "name", to="fapi-2.0"), "profile"),
        (_set("suite", "digest", to="0" * 64), "suite digest"),
        (_set("tokenspec", to="0.0.1"), "tokenspec version"),
        (_set("settings", "shard", to="2/4"), "number of shards"),
        (_set("settings", "shard", to="1/3"), "given twice"),
    ],
)
def test_records_of_different_runs_are_refused(
    shards: list[Path], tmp_path: Path, change: Callable[[dict[str, Any]], None], told: str
) -> None:
    other = changed(shards[1], change, tmp_path / "other.ndjson")
    with pytest.raises(UsageError, match=told):
        read_records([shards[0], other])
    assert main(["report", str(shards[0]), str(other), "--report-dir", str(tmp_path)]) == 4


def test_a_whole_run_given_twice_is_refused(whole: Made) -> None:
    with pytest.raises(UsageError, match="is in several of these records"):
        read_records([whole.path, whole.path])


def test_the_command_writes_what_is_asked_for(
    whole: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["report", str(whole.path), "--report-dir", str(tmp_path)]
    assert main(arguments) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["audit.html"]
    assert "Does not conform" in capsys.readouterr().out
    assert main([*arguments, "--format", "all", "--exit-code"]) == 1
    assert len(list(tmp_path.iterdir())) == 6
    assert main([*arguments, "--format", "pdf"]) == 4
    assert "there are html, markdown" in capsys.readouterr().err
    assert main(["report", str(tmp_path / "none.ndjson")]) == 4


def test_annotations_are_printed_where_github_reads_them(
    whole: Made,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arguments = ["report", str(whole.path), "--report-dir", str(tmp_path), "--format", "github"]
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    assert main(arguments) == 0
    assert "::error" not in capsys.readouterr().out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert main(arguments) == 0
    assert "\n::error file=scenarios/" in capsys.readouterr().out


def test_a_record_cut_off_says_so(
    whole: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cut.ndjson"
    path.write_bytes(b"\n".join(whole.path.read_bytes().split(b"\n")[:9]) + b"\n")
    changed(path, _pass)
    arguments = ["report", str(path), "--report-dir", str(tmp_path), "--exit-code"]
    assert main(arguments) == 6
    said = capsys.readouterr()
    assert "the run was cut off" in said.err
    assert re.search(r"\d+ cases? without a result", said.err)
    assert "Conformance not established" in said.out


def test_untrue_waivers_of_a_shard_fail_the_whole_once(shards: list[Path], tmp_path: Path) -> None:
    problem = {"id": "a/b", "problem": "expired", "text": "over", "file": "w.yaml", "line": 3}

    def change(line: dict[str, Any]) -> None:
        _pass(line)
        if line["type"] == "footer":
            line["waivers"] = [problem]

    copies = [changed(path, change, tmp_path / path.name) for path in shards]
    merged = read_records(copies)
    assert merged.waiver_problems == (problem,)
    arguments = ["report", *map(str, copies), "--report-dir", str(tmp_path), "--exit-code"]
    assert main(arguments) == 1
    assert "w.yaml:3" in (tmp_path / "audit.html").read_text("utf-8")


def test_the_target_lost_in_a_shard_leaves_the_whole_open(
    shards: list[Path], tmp_path: Path
) -> None:
    def change(line: dict[str, Any]) -> None:
        _pass(line)
        if line["type"] == "footer":
            line["ended"] = "target-lost"

    copies = [changed(shards[0], change, tmp_path / "shard.ndjson"), *shards[1:]]
    merged = read_records(copies)
    assert merged.footer
    assert merged.footer["ended"] == "target-lost"
    assert not merged.complete
