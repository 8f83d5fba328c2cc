"""What other plugins do with the items of a session is theirs: the record has each case once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.conformance.run.command import Gate
from tests.target_files import PUBLIC
from tokenspec.conformance.scenario.catalogue import BUNDLED
from tokenspec.reference_server import Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running

FILE = BUNDLED / "pkce" / "verifier.yaml"
OWN = "def test_own():\n    assert {outcome}\n"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running(lambda issuer: Server(demo_config(issuer), defects=["pkce.first_half"])) as url:
        yield url


ALONE = ("-p", "no:cacheprovider", "-p", "no:xdist")


def session(folder: Path, *words: str, without: tuple[str, ...] = ALONE) -> tuple[int, str]:
    """Exit code and output of a session of pytest in a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *without, *words],
        cwd=folder, check=False, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    return done.returncode, done.stdout


def record(folder: Path) -> list[dict[str, Any]]:
    path = folder / "tokenspec-report" / "record.ndjson"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_an_item_that_is_run_again_has_one_finding(tmp_path: Path, issuer: str) -> None:
    (tmp_path / "target.yaml").write_text(PUBLIC.format(issuer=issuer), encoding="utf-8")
    shutil.copy(Path(__file__).parent / "rerunning.py", tmp_path)
    words = ("-p", "rerunning", "--oauth-target=target.yaml", "--oauth-select=pkce-verifier-wrong")
    code, said = session(tmp_path, *words, str(FILE))
    assert code == 1, said
    assert "rerun" in said
    lines = record(tmp_path)
    found = [line for line in lines if line["type"] == "finding"]
    assert len(found) == len({line["key"] for line in found}) > 5
    assert lines[-1]["counts"] == Counter(line["verdict"] for line in found)
    assert lines[-1]["counts"]["fail"] > 1


@pytest.mark.parametrize("words", [("--sw",), ("-x",), ("-n", "2", "-x")])
def test_options_that_stop_a_session_interrupt_nothing(
    tmp_path: Path, issuer: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "target.yaml").write_text(PUBLIC.format(issuer=issuer), encoding="utf-8")
    named = ("--oauth-target=target.yaml", "--oauth-select=pkce-verifier-wrong", *words)
    code, said = session(tmp_path, *named, str(FILE), without=())
    assert code == 1, said
    assert record(tmp_path)[-1]["ended"] == "stopped"


def test_the_usual_options_of_pytest_do_what_they_say(tmp_path: Path, issuer: str) -> None:
    (tmp_path / "target.yaml").write_text(PUBLIC.format(issuer=issuer), encoding="utf-8")
    named = ("--oauth-target=target.yaml", "--oauth-select=pkce-verifier-wrong", str(FILE))
    cached = ("-p", "no:xdist", "-o", f"cache_dir={tmp_path / 'cache'}")

    code, said = session(tmp_path, "-k", "trailing", "--junitxml=own.xml", *named, without=cached)
    failed = {line["key"] for line in record(tmp_path) if line.get("verdict") == "fail"}
    assert code == 1, said
    suite = ET.parse(tmp_path / "own.xml").getroot()[0]
    names = {f"pkce-verifier-wrong/{case.get('name')}" for case in suite.iter("testcase")}
    assert names == failed
    assert int(suite.get("failures", "0")) == len(failed) > 1

    code, said = session(tmp_path, "--lf", "--collect-only", *named, without=cached)
    again = {line.rpartition("::")[2] for line in said.splitlines() if "::" in line}
    assert (code, {f"pkce-verifier-wrong/{name}" for name in again}) == (0, failed)

    code, said = session(tmp_path, "-k", "nothing_of_that_name", *named, without=cached)
    assert code == 5, said
    assert "deselected" in said
    assert "nothing is called that" not in said  # `-k` took away what is called that


def test_annotations_are_printed_where_github_runs_it(
    tmp_path: Path, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(tmp_path)
    words = ("--select", "pkce-verifier-wrong", "--formats", "github")
    for where, printed in (("", False), ("true", True)):
        monkeypatch.setenv("GITHUB_ACTIONS", where)
        assert gate.run(issuer, *words) == 1
        assert ("\n::error file=" in gate.said) is printed


@pytest.mark.parametrize("outcome", [True, False])
def test_tests_of_ones_own_in_the_session_count_as_well(tmp_path: Path, *, outcome: bool) -> None:
    (tmp_path / "test_own.py").write_text(OWN.format(outcome=outcome), encoding="utf-8")
    code, said = session(tmp_path, "--oauth-select=pkce-verifier-wrong", "test_own.py", str(FILE))
    assert code == (0 if outcome else 1), said
    assert record(tmp_path)[-1]["exit_code"] == 0
