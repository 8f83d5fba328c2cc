"""pytest-xdist: two workers find what one process finds, and the record tells it once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tokenspec.conformance.scenario.catalogue import BUNDLED

CHOSEN = ("pkce-verifier-wrong", "response", "refresh")


def verdicts(folder: Path, *more: str) -> list[tuple[str, str, str]]:
    """What a run says of each case; of its order nothing, as workers end when they do."""
    selected = [f"--oauth-select={word}" for word in CHOSEN]
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *more, *selected,
         f"--oauth-report-dir={folder}", "--oauth-seed=7", str(BUNDLED)],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    lines = map(json.loads, (folder / "record.ndjson").read_text("utf-8").splitlines())
    found = [line for line in lines if line["type"] == "finding"]
    return sorted((line["key"], line["verdict"], line["kind"]) for line in found)


def test_workers_find_what_one_process_finds(tmp_path: Path) -> None:
    alone = verdicts(tmp_path / "alone", "-p", "no:xdist")
    assert len(alone) > 50
    assert verdicts(tmp_path / "together", "-n", "2") == alone
