"""Findings that campaigns share: in a folder, and by a Redis server that the test starts."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis.database import DirectoryBasedExampleDatabase, InMemoryExampleDatabase

from tokenspec.conformance.cli import main
from tokenspec.conformance.fuzz.campaign import Budget, Campaign, Counterexample
from tokenspec.conformance.fuzz.documents import finished
from tokenspec.conformance.fuzz.sharing import Shared, shared
from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.reference_server.demo import demo_config

ISSUER = "https://server.example"
REDIS = shutil.which("redis-server")
UP_WITHIN = 20.0  # seconds


def campaign(others: Shared, *defects: str, requests: int = 10) -> Campaign:
    setup = prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER), defects)
    return Campaign(setup, Budget(3600, requests), seed=1, shared=others)


def found_by(made: Campaign) -> Counterexample:
    wrong = {"token": {"code_verifier": {"change_last": 1}}}
    found = made.judge(finished({"base": "code-exchange", **wrong}))
    assert found is not None
    made.keep(found)
    return found


def first_news(others: Shared) -> list[Counterexample]:
    """What a second campaign at the same defect finds by what it is told alone."""
    second = campaign(others, "pkce.verifier_matches", requests=10_000)
    for document in others.news():
        found = second.trial(document)
        if found is not None:
            second.keep(found)
    return second.progress.found


def test_what_one_campaign_finds_another_plays_first(tmp_path: Path) -> None:
    one, other = (Shared(DirectoryBasedExampleDatabase(tmp_path), ISSUER) for _ in range(2))
    told = found_by(campaign(one, "pkce.verifier_matches"))
    (again,) = first_news(other)
    assert again.divergence.signature == told.divergence.signature
    assert list(one.news()) == []  # nobody is told of what he said himself


def test_findings_at_another_target_are_left_alone(tmp_path: Path) -> None:
    found_by(campaign(shared(str(tmp_path), ISSUER), "pkce.verifier_matches"))
    assert list(shared(str(tmp_path), "https://another.example").news()) == []


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[]", b"{}", b'{"base": "nonsense"}', b"[" * 100_000]
)
def test_what_cannot_be_read_is_passed_over(content: bytes) -> None:
    database = InMemoryExampleDatabase()
    database.save(f"tokenspec {ISSUER}".encode(), content)
    others = Shared(database, ISSUER)
    assert list(others.news()) == []
    assert others.passed_over == 1


def test_a_database_that_fails_ends_the_sharing_and_not_the_campaign() -> None:
    class Failing(InMemoryExampleDatabase):
        def save(self, key: bytes, value: bytes) -> None:
            raise OSError(f"no room for {len(key) + len(value)} bytes")

    others = Shared(Failing(), ISSUER)
    made = campaign(others, "pkce.verifier_matches")
    found_by(made)
    assert len(made.progress.found) == 1
    assert "no room" in others.trouble


@pytest.fixture
def redis() -> Iterator[str]:
    if REDIS is None:
        pytest.skip("redis-server is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [REDIS, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            _wait_for(port)
            yield f"redis://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    end = time.monotonic() + UP_WITHIN
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            continue
        return
    raise TimeoutError("redis-server does not answer")


def test_a_redis_server_shares_findings(redis: str) -> None:
    told = found_by(campaign(shared(redis, ISSUER), "pkce.verifier_matches"))
    (again,) = first_news(shared(redis, ISSUER))
    assert again.divergence.signature == told.divergence.signature


def test_a_redis_server_that_is_not_there_is_said_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as taken:  # bound and not listening: nobody answers
        taken.bind(("127.0.0.1", 0))
        place = f"redis://user:hidden-word@127.0.0.1:{taken.getsockname()[1]}"
        assert main(["fuzz", "--seconds", "1", "--share", place]) == 4
    told = capsys.readouterr().err
    assert "no Redis server" in told
    assert "hidden-word" not in told
