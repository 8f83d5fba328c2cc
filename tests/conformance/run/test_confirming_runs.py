"""Confirmation in a run as users have it: the order of its lines, its end, what comes after it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from subprocess import DEVNULL, Popen, run
from sys import executable
from urllib.parse import parse_qsl

import pytest

from tests.conformance.run.command import FAILING, MUST, Gate, verdicts
from tests.target_files import PUBLIC
from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running

OTHERS = ("--select", "pkce-verifier-wrong", "--select", "pkce-retry")


class Slipping(Server):
    """Grants one request with a wrong verifier, and refuses all others."""

    def __init__(self, issuer: str) -> None:
        super().__init__(demo_config(issuer))
        self._broken = Server(demo_config(issuer), defects=(MUST,), store=self.core.store)
        self.wrong = 0  # verifiers that came
        self.granted = 0  # the number of the one that is granted; 0: none

    def handle(self, request: Request) -> Response:
        if b"code_verifier" not in request.body:
            return super().handle(request)
        code = dict(parse_qsl(request.body.decode()))["code"]
        before = self.core.store.code(code)
        answer = super().handle(request)
        if answer.status != 400:
            return answer
        self.wrong += 1
        if self.wrong != self.granted or before is None:
            return answer
        self.core.store.add_code(before)  # as if it had not been shown yet
        return self._broken.handle(request)


@pytest.fixture
def slipping() -> Iterator[Slipping]:
    made: list[Slipping] = []

    def make(issuer: str) -> Slipping:
        made.append(Slipping(issuer))
        return made[0]

    with running(make):
        yield made[0]


def test_what_is_broken_is_told_last_and_confirmed(gate: Gate, must_fails: str) -> None:
    assert gate.run(must_fails, *OTHERS) == 1
    told = list(verdicts(gate.record()).values())
    broken = told.count("fail")
    assert broken
    assert "pass" not in told[told.index("fail") :]
    assert gate.verdict(FAILING)["confirmed"] is True
    assert f"Played again alone: {broken} findings confirmed, 0 unsteady." in gate.said


def test_what_does_not_come_again_fails_no_run(gate: Gate, slipping: Slipping) -> None:
    """The case sends the last wrong verifier of a run; the preflight may send some before."""
    issuer = slipping.config.issuer
    assert gate.run(issuer, "--select", FAILING) == 0, gate.said
    slipping.granted = 2 * slipping.wrong
    beside = ("--select", "success-envelope/json", "--formats", "all")
    assert gate.run(issuer, "--select", FAILING, *beside) == 0, gate.said
    finding = gate.verdict(FAILING)
    assert finding["verdict"] == "unsteady"
    assert finding["second_play"]["verdict"] == "pass"
    assert finding["exchanges"][-1]["status"] == 200
    assert finding["second_play"]["exchanges"][-1]["status"] == 400
    assert "0 findings confirmed, 1 unsteady" in gate.said
    assert f"  {FAILING}\n      fail (accepted): granted" in gate.said
    folder = gate.folder / "tokenspec-report"
    assert "Evidence of the play alone" in (folder / "audit.html").read_text("utf-8")
    assert "<skipped>" in (folder / "junit.xml").read_text("utf-8")


def test_pytest_that_is_to_stop_at_the_first_failure_has_it_confirmed_at_once(
    tmp_path: Path, must_fails: str
) -> None:
    """Those behind it are played no more."""
    (tmp_path / "target.yaml").write_text(PUBLIC.format(issuer=must_fails), encoding="utf-8")
    command = [
        executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider",
        "--oauth-target=target.yaml", "--oauth-select=pkce",
        "--oauth-report-dir=report", str(Path("conformance").resolve().parent / "scenarios"),
    ]  # fmt: skip
    done = run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1, done.stdout
    record = Gate(tmp_path).record("report")
    broken = [line for line in record if line.get("verdict") == "fail"]
    assert [line["confirmed"] for line in broken] == [True]
    assert record[-1]["ended"] == "stopped"


class Ending(Server):
    """Interrupts the process under test at so many token requests."""

    def __init__(self, issuer: str, requests: int) -> None:
        super().__init__(demo_config(issuer), defects=(MUST,))
        self._requests = requests
        self._asked = count(1)
        self.pid: Future[int] = Future()

    def handle(self, request: Request) -> Response:
        if "/oauth/token" in request.url and next(self._asked) == self._requests:
            os.kill(self.pid.result(timeout=60), signal.SIGINT)
        return super().handle(request)


@pytest.mark.usefixtures("heeding")
def test_a_run_that_ends_before_it_confirmed_says_so_and_the_next_plays_again(gate: Gate) -> None:
    """Ctrl-C comes while cases are played for the first time."""
    servers: list[Ending] = []

    def make(issuer: str) -> Server:
        servers.append(Ending(issuer, 60))
        return servers[0]

    with running(make) as issuer:
        (gate.folder / "target.yaml").write_text(PUBLIC.format(issuer=issuer), encoding="utf-8")
        command = [executable, "-m", "tokenspec", "run", "target.yaml", "--select", "pkce"]
        with Popen(command, cwd=gate.folder, stdout=DEVNULL) as process:
            servers[0].pid.set_result(process.pid)
            assert process.wait(timeout=60) == 2
        broken = [line for line in gate.record() if line.get("verdict") == "fail"]
        assert broken
        assert not any(line["confirmed"] for line in broken)
        resumed = ("--select", "pkce", "--resume", "tokenspec-report/record.ndjson")
        assert gate.run(issuer, *resumed, "--report-dir", "again") == 1
    again = [line for line in gate.record("again") if line.get("verdict") == "fail"]
    assert {line["key"] for line in broken} <= {line["key"] for line in again}
    assert all(line["confirmed"] for line in again)
