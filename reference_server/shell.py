"""The server over HTTP: a thin Starlette application around `Server.handle`."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from tokenspec.reference_server.messages import Request
from tokenspec.reference_server.server import Server

LOOPBACK = "127.0.0.1"
LARGEST_BODY = 1024 * 1024  # bytes
TOO_LARGE = 413
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def application(server: Server) -> ASGIApp:
    """An ASGI application that hands every request to `server`, and what is put around it."""
    parts = urlsplit(server.config.issuer)
    root = f"{parts.scheme}://{parts.netloc}"

    async def answer(request: HttpRequest) -> HttpResponse:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST_BODY:
                return HttpResponse("too large", TOO_LARGE)
        path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
        query = request.scope["query_string"].decode("latin-1")
        asked = Request(
            request.method,
            root + path.split("?")[0] + (f"?{query}" if query else ""),
            tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in request.headers.raw),
            body,
        )
        made = await run_in_threadpool(server.handle, asked)
        response = HttpResponse(made.body, made.status)
        date = formatdate(server.now(), usegmt=True)  # RFC 9110 §6.6.1, by the server's own clock
        response.raw_headers.append((b"date", date.encode()))
        for name, value in made.headers:
            response.raw_headers.append((name.encode("latin-1"), value.encode("latin-1")))
        return response

    made: ASGIApp = Starlette(routes=[Route("/{path:path}", answer, methods=METHODS)])
    for put_around in server.served:
        made = put_around(made)
    return made


@contextmanager
def running(make_server: Callable[[str], Server]) -> Iterator[str]:
    """A server on a free loopback port for as long as the block runs; gives its issuer.

    Args:
        make_server: makes the server for an issuer.
    """
    # asyncio sends answers without delay only over a socket that says it is TCP
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen(128)
        issuer = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        shell = uvicorn.Server(_settings(make_server(issuer), port=0))
        thread = threading.Thread(target=shell.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            shell.should_exit = True
            thread.join(timeout=10)


def serve_forever(server: Server, host: str, port: int) -> None:
    """Serve until interrupted."""
    uvicorn.Server(_settings(server, host=host, port=port)).run()


def _settings(server: Server, *, host: str = LOOPBACK, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        application(server),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        lifespan="off",
    )
