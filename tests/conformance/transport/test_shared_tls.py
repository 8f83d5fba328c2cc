"""One TLS connection, read by one thread while others write to it."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpcore
import pytest

from tests.conformance.transport.tls import issue
from tokenspec.conformance.transport.tls import SharedTls

SOON, PATIENCE = 0.02, 20.0  # seconds


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[ssl.SSLSocket, ssl.SSLSocket]]:
    """Both ends of a TLS connection: the client's, the server's."""
    own = issue(tmp_path, "server", "server.example")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(own.certificate, own.key)
    asking = ssl.create_default_context(cafile=str(own.certificate))
    near, far = socket.socketpair()
    with ThreadPoolExecutor(1) as pool:
        accepted = pool.submit(serving.wrap_socket, far, server_side=True)
        with (
            asking.wrap_socket(near, server_hostname="server.example") as client,
            accepted.result(PATIENCE) as server,
        ):
            yield client, server


class Watched:
    """A socket that says when it is about to be waited for, and whether two use it at once."""

    def __init__(self, wire: ssl.SSLSocket) -> None:
        self.wire = wire
        self.waited_for = threading.Event()
        self.users, self.most = 0, 0

    def recv(self, size: int) -> bytes:
        self.begin()
        try:
            return self.wire.recv(size)
        finally:
            self.users -= 1

    def sendall(self, data: bytes) -> None:
        self.begin()
        self.wire.sendall(data)
        self.users -= 1

    def begin(self) -> None:
        self.users += 1
        self.most = max(self.most, self.users)

    def settimeout(self, seconds: float | None) -> None:
        self.wire.settimeout(seconds)

    def fileno(self) -> int:
        self.waited_for.set()
        return self.wire.fileno()


def test_who_waits_for_an_answer_keeps_no_other_from_writing(
    ends: tuple[ssl.SSLSocket, ssl.SSLSocket],
) -> None:
    client, server = ends
    shared, watched = SharedTls(time.monotonic), Watched(client)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(shared.read, watched, 100, PATIENCE)  # type: ignore[arg-type]
        assert watched.waited_for.wait(PATIENCE)
        shared.write(watched, b"asked", PATIENCE)  # type: ignore[arg-type]
        assert server.recv(100) == b"asked"
        server.sendall(b"answered")
        assert answer.result(PATIENCE) == b"answered"
    assert watched.most == 1


def test_nothing_comes_in_time(ends: tuple[ssl.SSLSocket, ssl.SSLSocket]) -> None:
    with pytest.raises(httpcore.ReadTimeout, match="nothing came within"):
        SharedTls(time.monotonic).read(ends[0], 100, SOON)


def test_the_other_side_ends_the_connection(ends: tuple[ssl.SSLSocket, ssl.SSLSocket]) -> None:
    client, server = ends
    server.close()
    assert SharedTls(time.monotonic).read(client, 100, PATIENCE) == b""


def test_a_connection_that_is_closed_here(ends: tuple[ssl.SSLSocket, ssl.SSLSocket]) -> None:
    client, _ = ends
    client.close()
    with pytest.raises(httpcore.ReadError):
        SharedTls(time.monotonic).read(client, 100, PATIENCE)
    with pytest.raises(httpcore.WriteError):
        SharedTls(time.monotonic).write(client, b"asked", PATIENCE)


def test_a_server_that_takes_nothing(ends: tuple[ssl.SSLSocket, ssl.SSLSocket]) -> None:
    with pytest.raises(httpcore.WriteTimeout):
        SharedTls(time.monotonic).write(ends[0], bytes(16 * 1024 * 1024), SOON)
