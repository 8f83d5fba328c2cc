"""A headless Chromium that opens a page of ours from a file and hands back what became of it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
needs_chromium = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars",
)  # fmt: skip


def chromium(page: Path, *options: str) -> str:
    """What Chromium prints for a page, with a profile of its own that is thrown away."""
    assert PROGRAM
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        done = subprocess.run(
            [PROGRAM, *OPTIONS, f"--user-data-dir={profile}", *options, page.as_uri()],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def dom(page: Path, *options: str, wait: bool = True) -> str:
    """The document after its scripts have run; without `wait` as soon as it is loaded."""
    patience = ("--virtual-time-budget=60000",) if wait else ()
    return chromium(page, *patience, *options, "--dump-dom")
