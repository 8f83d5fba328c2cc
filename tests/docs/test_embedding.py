"""The examples of docs/embedding.md are one test file, and it passes as it is shown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.docs.pages import blocks
from tokenspec.conformance.cli import main

PAGE, FILE = "docs/embedding.md", "test_client.py"


def test_the_examples_work_as_shown(tmp_path: Path) -> None:
    shown = [block for block in blocks(PAGE) if block.directives.get("file") == FILE]
    text = "\n".join(line for block in shown for line in (*block.lines, ""))
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    report = str(tmp_path / "tokenspec-report")
    assert main(["run", "--select", "pkce-verifier-wrong", "--report-dir", report]) == 0
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", FILE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert f"{text.count('def test_')} passed" in done.stdout


def test_every_block_of_python_is_tried() -> None:
    python = [block for block in blocks(PAGE) if block.language == "python"]
    assert len(python) > 4
    assert all("file" in block.directives for block in python)
