"""`tokenspec selftest` says by name which defect a case notices."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tokenspec.conformance.cli import main
from tokenspec.reference_server.alterations.defects import DEFECTS

CASE = "pkce-verifier-wrong/last-character-changed"
DEFECT = "pkce.verifier_matches"


def told(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> str:
    assert main(["selftest", "--jobs", "1", "--report-dir", str(folder), *words]) == 0
    return capsys.readouterr().out


def test_a_selected_case_names_a_defect_that_turns_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said = told(capsys, tmp_path, "--select", CASE)
    assert f"\n  {CASE}: {DEFECT}\n" in said
    assert "1 of 1 notice a defect" in said
    assert "0 of 0" not in said
    found = json.loads((tmp_path / "selftest.json").read_text(encoding="utf-8"))["defects"]
    assert found[DEFECT]["noticed_by"] == {CASE: {"verdict": "fail", "kind": "accepted"}}


def test_a_selected_defect_names_the_cases_that_notice_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said = told(capsys, tmp_path, "--select", DEFECT)
    line = next(line for line in said.splitlines() if line.startswith(f"  {DEFECT}: "))
    assert "pkce-verifier-wrong/" in line
    assert " more" in line
    assert "1 of 1 noticed" in said
    assert "0 of 0" not in said


def test_in_full_a_selected_case_is_tried_on_every_defect(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_codes = {n: one for n, one in DEFECTS.items() if n.startswith(("pkce.", "code."))}
    monkeypatch.setattr("tokenspec.conformance.selftest.matrix.DEFECTS", of_codes)
    said = told(capsys, tmp_path, "--full", "--select", CASE)
    line = next(line for line in said.splitlines() if line.startswith(f"  {CASE}: "))
    assert DEFECT in line
    assert "," in line


def test_liberties_by_a_word_that_names_neither_one_nor_a_case(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["selftest", "--liberties", "--select", "pkce-verifier-wrogn"]) == 4
    assert "did you mean 'pkce-verifier-wrong'?" in capsys.readouterr().err
