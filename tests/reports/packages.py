"""The npm packages that the tests of reports need: published schemas, and axe-core.

They are installed once for each state of their manifest, outside the checkout, and never committed.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parent / "node"
MANIFEST = ("package.json", "package-lock.json", ".npmrc")
needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


@functools.cache
def node_modules() -> Path:
    """The folder of the packages, installed first where they are not yet."""
    digest = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in MANIFEST))
    cache = Path(os.environ.get("TOKENSPEC_PEERS_CACHE") or tempfile.gettempdir())
    folder = cache / f"tokenspec-report-packages-{digest.hexdigest()[:16]}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as unfinished:
            for name in MANIFEST:
                shutil.copy(SOURCE / name, unfinished)
            done = subprocess.run(
                ["npm", "ci", "--ignore-scripts"],  # noqa: S607 - npm as the machine has it
                cwd=unfinished, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            try:
                shutil.copytree(unfinished, folder)
            except FileExistsError:  # another process was faster: its folder is as good
                assert folder.exists()
    return folder / "node_modules"


def schema(path: str) -> Any:
    """A JSON Schema out of the packages."""
    return json.loads((node_modules() / path).read_text("utf-8"))
