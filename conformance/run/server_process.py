"""The vendor's own server: started before a run, waited for, ended after it with its children."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from tokenspec.conformance.errors import TargetUnusable, Unreachable, UsageError
from tokenspec.conformance.http import Request, Transport
from tokenspec.conformance.target.model import Limits
from tokenspec.conformance.transport.network import NetworkTransport

SECONDS = 60.0  # until the server has to answer
PAUSE = 0.2  # seconds between two questions
PATIENCE = 10.0  # seconds a server has to end by itself
TAIL = 4_000  # characters of its output that are shown
HEALTHY = range(200, 400)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to start, and what has to answer before the run begins; each may be empty."""

    command: str = ""
    url: str = ""
    seconds: float = SECONDS

    def __post_init__(self) -> None:
        if self.command and not self.url:
            raise UsageError("--start needs --wait-for", "--wait-for https://localhost:8443/health")
        if self.url and not self.url.startswith(("http://", "https://")):
            raise UsageError(f"--wait-for {self.url}: not a URL")


@contextmanager
def started(wanted: Wanted, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Start the server and wait for its health; end it, and all it started, after the block.

    Raises:
        TargetUnusable: it ended, or was not healthy in time; shows the last it said.
    """
    if not wanted.url:
        yield
        return
    with _running(wanted.command) as server, _asking() as transport:
        _wait(wanted, server, transport, sleep)
        try:
            yield
        finally:
            server.tell_if_ended()


class _Server:
    """A server process and what it says; without a command nothing is started."""

    def __init__(self, command: str, output: IO[bytes]) -> None:
        self.command = command
        self._output = output
        self._process: subprocess.Popen[bytes] | None = None
        if command:
            self._process = subprocess.Popen(  # noqa: S602 - the user's own command line
                command,
                shell=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that it can be ended with its children
            )

    @property
    def status(self) -> int | None:
        """Its exit status; None while it runs, or where none was started."""
        return self._process.poll() if self._process else None

    def said(self) -> str:
        """The last of its output, with nothing in it that could steer a terminal."""
        self._output.seek(0, os.SEEK_END)
        self._output.seek(max(0, self._output.tell() - TAIL))
        text = self._output.read().decode("utf-8", "replace")
        return "".join(sign if sign.isprintable() or sign == "\n" else "�" for sign in text)

    def tell_if_ended(self) -> None:
        """Say that the server ended before the run did."""
        if self.status is not None:
            print(f"\nthe server ended with status {self.status} during the run; it said last:")  # noqa: T201 - the run's own terminal
            print(self.said())  # noqa: T201

    def end(self) -> None:
        """End it and its children: asked first, then made to."""
        if self._process is None:
            return
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, how)
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                continue
            break
        with contextlib.suppress(ProcessLookupError):  # children that outlived it
            os.killpg(self._process.pid, signal.SIGKILL)


@contextmanager
def _running(command: str) -> Iterator[_Server]:
    with tempfile.TemporaryFile() as output:
        server = _Server(command, output)
        try:
            yield server
        finally:
            server.end()


@contextmanager
def _asking() -> Iterator[NetworkTransport]:
    """A transport for questions of health; nothing secret is sent, so any certificate will do."""
    with NetworkTransport(Limits(timeout=5.0), verify_tls=False) as transport:
        yield transport


def _wait(
    wanted: Wanted, server: _Server, transport: Transport, sleep: Callable[[float], None]
) -> None:
    last = "nothing"
    end = time.monotonic() + wanted.seconds
    while time.monotonic() < end:
        if server.status is not None:
            raise TargetUnusable(
                f"the server ended with status {server.status} before it was healthy: "
                f"{server.command}",
                f"it said last:\n{server.said()}",
            )
        try:
            status = transport.send(Request("GET", wanted.url)).status
            if status in HEALTHY:
                return
            last = f"status {status}"
        except Unreachable as error:
            last = error.message
        sleep(PAUSE)
    said = f"; the server said last:\n{server.said()}" if server.command else ""
    raise TargetUnusable(
        f"{wanted.url} was not healthy within {wanted.seconds:g} s; it answered {last}",
        f"--wait-for needs a URL that answers with a status from 200 to 399{said}",
    )
