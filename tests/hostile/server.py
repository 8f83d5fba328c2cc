"""A server that is honest, except where and when it is told to behave otherwise."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from behaviours import Behaviour, Wire

from tokenspec.reference_server import Request, Server
from tokenspec.reference_server.demo import demo_config

HOST = "127.0.0.1"
PLACES = {
    "discovery": "/.well-known/openid-configuration",
    "jwks": "/.well-known/jwks.json",
    "authorize": "/authorize",
    "login": "/login",
    "token": "/oauth/token",
    "userinfo": "/userinfo",
}


@dataclass(slots=True)
class Hostile:
    """The server's address, and what it is told. `heard` is what its thief got to hear."""

    issuer: str = ""
    thief: str = ""
    place: str = ""
    behaviour: Callable[[], Behaviour | None] = lambda: None
    met: int = 0  # how often it behaved
    heard: list[str] = field(default_factory=list)

    def told(self, path: str) -> Behaviour | None:
        """The behaviour for a request to `path`."""
        if urlsplit(path).path != self.place:
            return None
        found = self.behaviour()
        self.met += found is not None
        return found


@contextmanager
def hostile() -> Iterator[Hostile]:
    """The server and its thief, on the loopback, for as long as the block runs."""
    state = Hostile()

    class Thief(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.heard.append(f"{self.command} {self.path}")
            self.send_error(404)

        do_POST = do_GET  # noqa: N815 - named by http.server

        def log_message(self, *_: object) -> None:
            pass

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked = Request(
                self.command,
                state.issuer + self.path,
                tuple(self.headers.items()),
                self.rfile.read(length),
            )
            honest = server.handle(asked)
            behaviour = state.told(self.path)
            if behaviour is not None:
                self.close_connection = True
                with contextlib.suppress(OSError):
                    behaviour(Wire(self.connection, honest, self.path, state.thief))
                return
            self.send_response_only(honest.status)
            for name, value in honest.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(honest.body)))
            self.end_headers()
            self.wfile.write(honest.body)

        do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            pass

    with Quiet((HOST, 0), Handler) as honest, Quiet((HOST, 0), Thief) as thief:
        state.issuer = f"http://{HOST}:{honest.server_address[1]}"
        state.thief = f"http://{HOST}:{thief.server_address[1]}"
        server = Server(demo_config(state.issuer))
        for one in (honest, thief):
            threading.Thread(target=one.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield state
        finally:
            honest.shutdown()
            thief.shutdown()
