"""The reference server behind HTTP/2 and TLS, ending each connection after so many requests.

    python -m tests.conformance.transport.http2 [RUNS]

runs the whole suite that often, by turns with 1 job and with 8, at a server that ends a connection
after 20, 50 or 1,000 requests, and prints which runs were clean.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import h2.config
import h2.connection
import h2.events

from tests.conformance.transport.tls import Issued, issue
from tests.target_files import PUBLIC
from tokenspec.reference_server import Request, Server
from tokenspec.reference_server.demo import demo_config

RUNS = 20
LINGERS = 0.05  # seconds, after which nothing is expected any more
JOBS, ENDS = (1, 8), (20, 50, 1000)
TARGET = (
    PUBLIC
    + """\
network: {{http2: true, ca_file: {authority}}}
limits: {{jobs: {jobs}}}
"""
)


class Front:
    """Hands requests of HTTP/2 to a server, and ends each connection after so many (GOAWAY).

    Args:
        server: who answers, once there is one.
        issued: what it shows.
        ends: requests after which it ends a connection.
        early: GOAWAY goes out when the last request has come, before its answer; else behind that.
    """

    def __init__(self, issued: Issued, *, ends: int, early: bool) -> None:
        self.server: Server | None = None
        self.connections = 0
        self.ended = 0  # connections, by GOAWAY
        self._ends, self._early = ends, early
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(issued.certificate, issued.key)
        self._context.set_alpn_protocols(["h2"])

    def serve(self, bare: socket.socket) -> None:
        """One connection, to its end."""
        self.connections += 1
        spoken = h2.connection.H2Connection(h2.config.H2Configuration(False, "latin-1"))
        with (
            contextlib.suppress(OSError),
            self._context.wrap_socket(bare, server_side=True) as wire,
        ):
            spoken.initiate_connection()
            wire.sendall(spoken.data_to_send())
            requests: dict[int, tuple[list[tuple[str, str]], bytearray]] = {}
            answered = 0
            while answered < self._ends and (data := wire.recv(65536)):
                for event in spoken.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        requests[event.stream_id] = (list(event.headers), bytearray())
                    elif isinstance(event, h2.events.DataReceived):
                        requests[event.stream_id][1].extend(event.data)
                        length = event.flow_controlled_length
                        spoken.acknowledge_received_data(length, event.stream_id)
                    elif isinstance(event, h2.events.StreamEnded) and answered < self._ends:
                        answered += 1
                        headers, body = requests.pop(event.stream_id)
                        last = answered == self._ends
                        if last and self._early:
                            wire.sendall(goaway(event.stream_id))
                        self._answer(spoken, event.stream_id, headers, bytes(body))
                        if last:
                            self.ended += 1
                            wire.sendall(spoken.data_to_send() + goaway(event.stream_id))
                wire.sendall(spoken.data_to_send())
            self._end(wire)

    def _end(self, wire: ssl.SSLSocket) -> None:
        """Read what is still under way, so that the answers arrive, and close."""
        wire.settimeout(LINGERS)
        while wire.recv(65536):
            pass

    def _answer(
        self,
        spoken: h2.connection.H2Connection,
        stream: int,
        headers: list[tuple[str, str]],
        body: bytes,
    ) -> None:
        named = dict(headers)
        url = f"{named[':scheme']}://{named[':authority']}{named[':path']}"
        plain = [(name, value) for name, value in headers if not name.startswith(":")]
        plain.append(("host", named[":authority"]))
        assert self.server is not None
        made = self.server.handle(Request(named[":method"], url, tuple(plain), body))
        told = [(name.lower(), value) for name, value in made.headers]
        spoken.send_headers(stream, [(":status", str(made.status)), *told])
        spoken.send_data(stream, made.body, end_stream=True)


def goaway(last: int) -> bytes:
    """The frame, written past the state machine, which would answer nothing more after it."""
    return b"\x00\x00\x08\x07\x00\x00\x00\x00\x00" + last.to_bytes(4) + bytes(4)


@contextmanager
def fronted(
    issued: Issued,
    *,
    ends: int,
    early: bool = True,
    make: Callable[[str], Server] = lambda issuer: Server(demo_config(issuer)),
) -> Iterator[tuple[str, Front]]:
    """The issuer of a server behind such a front, and the front."""
    front = Front(issued, ends=ends, early=early)
    listener = socket.create_server(("127.0.0.1", 0))
    issuer = f"https://127.0.0.1:{listener.getsockname()[1]}"
    front.server = make(issuer)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                bare = listener.accept()[0]
                threading.Thread(target=front.serve, args=(bare,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield issuer, front
    finally:
        listener.close()


def main(runs: int) -> int:
    """The whole suite so many times."""
    clean = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        issued = issue(folder, "server", "127.0.0.1")
        settings = itertools.cycle(itertools.product(ENDS, (True, False), JOBS))
        for number, (ends, early, jobs) in zip(range(1, runs + 1), settings, strict=False):
            began = time.perf_counter()
            with fronted(issued, ends=ends, early=early) as (issuer, front):
                text = TARGET.format(issuer=issuer, authority=issued.certificate, jobs=jobs)
                (folder / "target.yaml").write_text(text, encoding="utf-8")
                done = subprocess.run(
                    [sys.executable, "-m", "tokenspec", "run", "target.yaml", "--seed", "7"],
                    cwd=folder, check=False, capture_output=True, text=True,
                    env=os.environ | {"COLUMNS": "200"},
                )  # fmt: skip
            clean += done.returncode == 0
            sys.stdout.write(
                f"{number}: jobs {jobs}, GOAWAY after {ends} "
                f"{'before' if early else 'behind'} the answer: exit {done.returncode}, "
                f"{front.connections} connections, {front.ended} ended, "
                f"{time.perf_counter() - began:.0f} s\n"
            )
            if done.returncode:
                sys.stdout.write(done.stdout[-3000:] + done.stderr[-2000:])
            sys.stdout.flush()
    sys.stdout.write(f"{clean} of {runs} clean\n")
    return int(clean < runs)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else RUNS))
