"""The whole suite against servers of other authors: no verdict that was not judged by hand.

Each peer is installed by its own package manager, started on a free loopback port and stopped. What
a machine cannot install (no npm) is skipped with that reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.run.record import read_record
from tests.peers.launch import running

JUDGED: dict[str, dict[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "judged.yaml").read_text(encoding="utf-8")
)
needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


def run(folder: Path, name: str, *, dpop_nonce: bool) -> tuple[int, list[Any]]:
    """The exit code and the findings of `tokenspec run` against a peer."""
    with running(name, dpop_nonce=dpop_nonce) as peer:
        done = subprocess.run(
            [sys.executable, "-m", "conformance", "run", str(peer.target_file)],
            cwd=folder,
            env={**os.environ, **peer.env},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    record = read_record(folder / "tokenspec-report" / "record.ndjson")
    assert record.footer, done.stdout + done.stderr
    return done.returncode, list(record.findings)


@pytest.mark.parametrize(
    ("name", "dpop_nonce"),
    [
        pytest.param("oidc-provider", False, marks=needs_npm),
        pytest.param("oidc-provider", True, marks=needs_npm),
        ("authlib", False),
    ],
)
def test_every_verdict_at_a_peer_was_judged(tmp_path: Path, name: str, dpop_nonce: bool) -> None:  # noqa: FBT001 - a case of the table
    code, findings = run(tmp_path, name, dpop_nonce=dpop_nonce)
    quiet = ("pass", "not-applicable")
    other = {f["key"]: f["verdict"] for f in findings if f["verdict"] not in quiet}
    assert other == JUDGED[name]
    assert code == int("fail" in other.values())


def test_every_judged_verdict_stands_in_the_findings() -> None:
    told = (Path(__file__).parents[2] / "docs" / "findings.md").read_text(encoding="utf-8")
    for verdicts in JUDGED.values():
        for key in verdicts:
            scenario, _, variant = key.partition("/")
            assert f"`{key}`" in told or f"`{scenario}/*`" in told or f"`…/{variant}`" in told, key
