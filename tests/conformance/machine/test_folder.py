"""The folder for reports: refused before anything is sent, and never shared by two runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.run.command import FAILING, Gate
from tokenspec.conformance.machine.folder import LOCK, claimed
from tokenspec.conformance.scenario.catalogue import BUNDLED

HOLDING = """
import sys
from pathlib import Path
from tokenspec.conformance.machine.folder import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
UNUSED = "https://login.invalid"  # whoever asks for it fails with another exit code


def holding(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.parametrize("place", ["file", "/dev/null", "file/below", "/proc/nowhere"])
def test_a_folder_that_cannot_be_made_ends_before_anything_is_sent(place: str, gate: Gate) -> None:
    (gate.folder / "file").write_text("mine", encoding="utf-8")
    assert gate.run(UNUSED, "--report-dir", place) == 4
    assert "cannot hold the reports" in gate.said
    assert (gate.folder / "file").read_text("utf-8") == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="to root no folder is read-only")
def test_a_folder_that_is_read_only(gate: Gate) -> None:
    (gate.folder / "fixed").mkdir(mode=0o500)
    assert gate.run(UNUSED, "--report-dir", "fixed") == 4


def test_a_second_run_into_a_folder_names_the_first_and_changes_nothing(gate: Gate) -> None:
    folder = gate.folder / "tokenspec-report"
    first = holding(folder)
    try:
        (folder / "record.ndjson").write_text("of the first run", encoding="utf-8")
        assert gate.run(UNUSED) == 4
        assert "is in use by a run that began 20" in gate.said
        assert f"(process {first.pid})" in gate.said
        assert "--report-dir" in gate.said
        assert (folder / "record.ndjson").read_text("utf-8") == "of the first run"
    finally:
        first.communicate("")
    with claimed(folder):
        assert (folder / LOCK).exists()
    assert not (folder / LOCK).exists()


def test_a_run_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    killed = holding(tmp_path)
    killed.kill()
    killed.communicate()
    with claimed(tmp_path), claimed(tmp_path):  # once more by the same process is the same claim
        pass


def test_so_it_is_in_a_session_of_pytest(tmp_path: Path) -> None:
    first = holding(tmp_path)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(BUNDLED / "pkce"),
             f"--oauth-select={FAILING}", f"--oauth-report-dir={tmp_path}"],
            check=False, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
    finally:
        first.communicate("")
    assert done.returncode == 4
    assert "is in use by a run that began 20" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
