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

from tests.peers.judgements import FINDINGS, judgement, read_judgements
from tests.peers.launch import running
from tests.peers.recipes import RECIPES
from tokenspec.conformance.record.reading import read_record

JUDGED: dict[str, dict[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "judged.yaml").read_text(encoding="utf-8")
)
QUIET = ("pass", "not-applicable", "unsteady")
needs_go = pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed")
needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


# Not the whole suite in the gate: what nonces change, and where each request takes long.
SELECTED = {
    ("oidc-provider", True): ("--select", "dpop"),
    ("django-oauth-toolkit", False): ("--quick",),
}


def run(folder: Path, name: str, *, dpop_nonce: bool) -> tuple[int, list[Any]]:
    """The exit code and the findings of `tokenspec run` against a peer."""
    more = SELECTED.get((name, dpop_nonce), ())
    with running(name, dpop_nonce=dpop_nonce) as peer:
        done = subprocess.run(
            [sys.executable, "-m", "tokenspec", "run", str(peer.target_file), *more],
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
        pytest.param("node-oauth", False, marks=needs_npm),
        ("django-oauth-toolkit", False),
        pytest.param("zitadel-oidc", False, marks=needs_go),
    ],
)
def test_every_verdict_at_a_peer_was_judged(tmp_path: Path, name: str, dpop_nonce: bool) -> None:  # noqa: FBT001 - a case of the table
    code, findings = run(tmp_path, name, dpop_nonce=dpop_nonce)
    other = {f["key"]: f["verdict"] for f in findings if f["verdict"] not in QUIET}
    # What does not come again accuses nobody; what was judged may be that, but no more than it.
    unsteady = {f["key"] for f in findings if f["verdict"] == "unsteady"}
    looked_at = {f["key"] for f in findings} - unsteady
    judged = {key: told for key, told in JUDGED[name].items() if key in looked_at}
    at_times = {key: told.rstrip("?") for key, told in judged.items() if told.endswith("?")}
    # Which of two requests comes first, or fails under the other, is luck, and accuses nobody.
    luck = {f["key"]: "observe" for f in findings if "race" in f["tags"]}
    expected = {k: v for k, v in judged.items() if k not in at_times and v != luck.get(k)}
    seen = {k: v for k, v in other.items() if v in (at_times.get(k), luck.get(k))}
    assert other == expected | seen
    assert code == int("fail" in other.values())


CALLBACKS = ("https://app.example/callback", "https://app.example/other")
# What `init` cannot know of a peer: its own flags, and at most two lines put into the file.
FIRST_RUN: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "oidc-provider": ((), {"authorize": {"prompt": "consent"}}),
    "authlib": ((), {}),
    "node-oauth": (
        (
            "--endpoint", "authorization={issuer}/authorize", "--endpoint", "token={issuer}/token",
            "--scope", "read",
        ),
        {"capabilities": {"refresh": True}},
    ),
    "django-oauth-toolkit": (("--scope", "openid read"), {"capabilities": {"refresh": True}}),
    "zitadel-oidc": ((), {"capabilities": {"session": False, "prompt-none": False}}),
}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("oidc-provider", marks=needs_npm),
        "authlib",
        pytest.param("node-oauth", marks=needs_npm),
        "django-oauth-toolkit",
        pytest.param("zitadel-oidc", marks=needs_go),
    ],
)
def test_init_two_edits_and_a_run(tmp_path: Path, name: str) -> None:
    """From a URL, a client and a user to verdicts, with nothing that could not run."""
    flags, edits = FIRST_RUN[name]
    assert len(edits) <= 2
    with running(name) as peer:
        env = {**os.environ, "TOKENSPEC_PASSWORD": peer.env["PEER_PASSWORD"]}

        def tokenspec(*arguments: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "tokenspec", *arguments]
            return subprocess.run(
                command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False,
                timeout=300,
            )  # fmt: skip

        known = ("--client-id", "public-app", "--username", "alice", "--no-input")
        uris = [word for uri in CALLBACKS for word in ("--redirect-uri", uri)]
        own = [flag.format(issuer=peer.issuer) for flag in flags]
        done = tokenspec("init", peer.issuer, *known, *uris, *own)
        assert done.returncode == 0, done.stderr
        file = tmp_path / "target.yaml"
        with file.open("a", encoding="utf-8") as more:
            for key, value in edits.items():
                more.write(yaml.safe_dump({key: value}, default_flow_style=True, sort_keys=False)
                           .strip().removeprefix("{").removesuffix("}") + "\n")  # fmt: skip
        done = tokenspec("check", "target.yaml")
        assert done.returncode == 0, done.stdout
        # What rests on settings that `init` and `check` may get wrong; all is played above.
        done = tokenspec("run", "target.yaml", "--select", "refresh")
    record = read_record(tmp_path / "tokenspec-report" / "record.ndjson")
    assert record.footer, done.stdout + done.stderr
    verdicts = [finding["verdict"] for finding in record.findings]
    stuck = [f for f in record.findings if f["verdict"] == "could-not-run"]
    assert not stuck, [(f["key"], f["note"], f["observed"]) for f in stuck]
    assert verdicts.count("pass") > 20


@needs_npm
def test_a_peer_that_registers_clients_needs_none(tmp_path: Path) -> None:
    with running("oidc-provider") as peer:
        target = {
            "format": 1,
            "issuer": peer.issuer,
            "registration": {},
            "login": {"username": "alice", "password": {"env": "PEER_PASSWORD"}},
            "scope": "openid offline_access",
            "authorize": {"prompt": "consent"},
        }
        (tmp_path / "target.yaml").write_text(yaml.safe_dump(target), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "tokenspec", "run", "target.yaml", "--select", "client_auth"],
            cwd=tmp_path,
            env={**os.environ, **peer.env},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "still registered" not in done.stderr


def test_every_judged_verdict_is_judged_in_the_findings() -> None:
    judgements = read_judgements(FINDINGS)
    for name, verdicts in JUDGED.items():
        for key, verdict in verdicts.items():
            told = judgement(judgements, RECIPES[name.partition("/")[0]].product, key)
            assert told is not None, f"{name}: {key} is not judged in docs/findings.md"
            quiet = "/" in name and verdict in QUIET  # the setting makes it right
            assert quiet or verdict.rstrip("?") in told.verdict, (name, key, told)
