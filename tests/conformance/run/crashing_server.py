"""The reference server behind sockets; a request may have its own closed without an answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tokenspec.reference_server import Request, Server
from tokenspec.reference_server.demo import demo_config

Dies = Callable[[Request], bool]


@contextmanager
def crashing(dies: Dies) -> Iterator[str]:
    """Such a server for as long as the block runs; gives its issuer."""

    class Worker(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = tuple(self.headers.items())
            request = Request(self.command, issuer + self.path, headers, body)
            if dies(request):
                self.close_connection = True
                return
            made = server.handle(request)
            self.send_response(made.status)
            for name, value in made.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(made.body)))
            self.end_headers()
            self.wfile.write(made.body)

        do_GET = do_POST = do_OPTIONS = answer  # noqa: N815 - the names that http.server calls

        def log_message(self, *_arguments: object) -> None:
            """Say nothing of what was asked."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Worker) as listener:
        issuer = f"http://127.0.0.1:{listener.server_address[1]}"
        server = Server(demo_config(issuer))
        thread = threading.Thread(target=listener.serve_forever, daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            listener.shutdown()
            thread.join(timeout=10)
