"""Runs that others end: a server that dies or never starts, an interruption."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import Future
from itertools import count
from pathlib import Path

import pytest

from tests.conformance.run.command import FAILING, Gate, verdicts
from tests.target_files import PUBLIC
from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running

MORTAL = Path(__file__).parent / "mortal_server.py"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def mortal(gate: Gate, lives: int) -> tuple[str, tuple[str, ...]]:
    """A server that ends at so many token requests, and the options that start it."""
    port = free_port()
    command = f"{sys.executable} {MORTAL} {port} {lives}"
    url = f"http://127.0.0.1:{port}"
    return url, ("--start", command, "--wait-for", f"{url}/.well-known/openid-configuration")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or ") Z " not in state.read_text("utf-8")


def test_the_vendors_server_is_started_and_ended_with_its_children(gate: Gate) -> None:
    issuer, start = mortal(gate, 0)
    assert gate.run(issuer, "--select", FAILING, *start) == 0, gate.said
    pid = int((gate.folder / "child").read_text("utf-8"))
    assert not alive(pid)


def test_a_server_that_does_not_start(gate: Gate) -> None:
    issuer, start = mortal(gate, -1)
    assert gate.run(issuer, *start, "--wait-seconds", "30") == 6
    assert "before it was healthy" in gate.said
    assert "no database" in gate.said
    assert gate.run(issuer, "--start", "sleep 60", "--wait-for", issuer, "--wait-seconds", "1") == 6
    assert "was not healthy within 1 s" in gate.said
    assert gate.run(issuer, "--start", "true") == 4


def test_a_target_that_dies_half_way(gate: Gate) -> None:
    issuer, start = mortal(gate, 250)
    assert gate.run(issuer, *start) == 6
    footer = gate.footer
    assert (footer["ended"], footer["exit_code"]) == ("target-lost", 6)
    assert footer["counts"]["pass"] > 10
    assert footer["left"] > 100
    assert set(footer["counts"]) <= {"pass", "observe", "could-not-run", "not-applicable"}
    assert "the target stopped answering" in gate.said
    assert "out of memory" in gate.said
    assert "\x1b[2J" not in gate.said
    assert (gate.folder / "tokenspec-report" / "report.html").exists()


class Interrupting(Server):
    """Sends a signal to the process under test at its fiftieth token request."""

    def __init__(self, issuer: str, how: int) -> None:
        super().__init__(demo_config(issuer))
        self.how = how
        self.asked = count(1)
        self.pid: Future[int] = Future()

    def handle(self, request: Request) -> Response:
        if "/oauth/token" in request.url and next(self.asked) == 50:
            os.kill(self.pid.result(timeout=60), self.how)
        return super().handle(request)


@pytest.mark.usefixtures("heeding")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_it_found(gate: Gate, how: int) -> None:
    servers: list[Interrupting] = []

    def make(issuer: str) -> Server:
        servers.append(Interrupting(issuer, how))
        return servers[0]

    with running(make) as issuer:
        (gate.folder / "target.yaml").write_text(PUBLIC.format(issuer=issuer), encoding="utf-8")
        with subprocess.Popen(
            [sys.executable, "-m", "tokenspec", "run", "target.yaml"],
            cwd=gate.folder,
            stdout=subprocess.DEVNULL,
        ) as process:
            servers[0].pid.set_result(process.pid)
            assert process.wait(timeout=60) == 2
    footer = gate.footer
    assert (footer["ended"], footer["exit_code"]) == ("interrupted", 2)
    assert footer["left"] > 0
    assert sum(footer["counts"].values()) == len(verdicts(gate.record()))
    assert (gate.folder / "tokenspec-report" / "report.html").exists()
