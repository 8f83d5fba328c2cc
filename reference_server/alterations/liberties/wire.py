"""How answers travel over HTTP: RFC 9110, RFC 9112. It shows where the server is served alone."""

from __future__ import annotations

import asyncio
import gzip
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from tokenspec.reference_server.alterations.liberties.model import Liberty
from tokenspec.reference_server.alterations.model import Alteration

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Wrap = Callable[[Message, Send], Send]
Application = Callable[[Any, Any, Any], Awaitable[None]]
START, BODY = "http.response.start", "http.response.body"
PAUSE = 0.03  # seconds
PIECE = 64  # bytes
GUESSES = 5  # refusals in a row that look like guessing
REFUSED = (400, 401)
FEW = 5  # requests of one connection
SMALL_ENOUGH = 20  # bytes that are not worth a coding


def _sending(wrap: Wrap) -> Callable[[Application], Application]:
    """The application with another way to send; `wrap` is given what was asked."""

    def put_around(inner: Application) -> Application:
        async def application(scope: Message, receive: object, send: Send) -> None:
            await inner(scope, receive, wrap(scope, send) if scope["type"] == "http" else send)

        return application

    return put_around


def _less(headers: list[tuple[bytes, bytes]], name: bytes) -> list[tuple[bytes, bytes]]:
    return [pair for pair in headers if pair[0].lower() != name]


def _slowly(_scope: Message, send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == START:
            await asyncio.sleep(PAUSE)
        await send(message)

    return sending


def _in_parts(_scope: Message, send: Send) -> Send:
    """Without a length, so that the body goes out in chunks, as it is made."""

    async def sending(message: Message) -> None:
        if message["type"] == START:
            message = message | {"headers": _less(message["headers"], b"content-length")}
        if message["type"] == BODY:
            body = message.get("body", b"")
            for at in range(0, len(body), PIECE):
                await send({"type": BODY, "body": body[at : at + PIECE], "more_body": True})
                await asyncio.sleep(0)
            message = {"type": BODY, "body": b""}
        await send(message)

    return sending


def _closing(after: int) -> Callable[[Application], Application]:
    """A connection is closed after so many requests."""
    asked: Counter[tuple[str, int]] = Counter()

    def wrap(scope: Message, send: Send) -> Send:
        client = tuple(scope["client"])
        asked[client] += 1
        ends = asked[client] >= after

        async def sending(message: Message) -> None:
            if message["type"] == START and ends:
                asked.pop(client, None)
                headers = [*message["headers"], (b"connection", b"close")]
                message = message | {"headers": headers}
            await send(message)

        return sending

    return _sending(wrap)


def _coded(scope: Message, send: Send) -> Send:
    """The body coded with gzip for whoever takes it."""
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding")
    if b"gzip" not in accepted:
        return send
    held: list[Message] = []

    async def sending(message: Message) -> None:
        if message["type"] == START:
            held.append(message)
            return
        start, body = held[0], message.get("body", b"")
        if len(body) > SMALL_ENOUGH:
            body = gzip.compress(body)
            headers = _less(start["headers"], b"content-length")
            coding = [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
            length = [(b"content-length", str(len(body)).encode())]
            start = start | {"headers": [*headers, *coding, *length]}
        await send(start)
        await send({"type": BODY, "body": body})

    return sending


def _in_capitals(_scope: Message, send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == START:
            headers = [(name.upper(), value) for name, value in message["headers"]]
            message = message | {"headers": headers}
        await send(message)

    return sending


def _guessing_limited(inner: Application) -> Application:
    """Whoever is refused so many times in a row at the token endpoint has to wait a moment."""
    refused = 0

    async def application(scope: Message, receive: object, send: Send) -> None:
        nonlocal refused
        watched = scope["type"] == "http" and scope["path"].endswith("/token")
        if watched and refused >= GUESSES:
            refused = 0
            headers = [(b"retry-after", b"1"), (b"content-length", b"0")]
            await send({"type": START, "status": 429, "headers": headers})
            await send({"type": BODY, "body": b""})
            return

        async def counting(message: Message) -> None:
            nonlocal refused
            if message["type"] == START:
                refused = refused + 1 if message["status"] in REFUSED else 0
            await send(message)

        await inner(scope, receive, counting if watched else send)

    return application


def _served(
    name: str, by: str, permission: str, summary: str, served: Callable[[Application], Application]
) -> Liberty:
    return Liberty(name, by, permission, Alteration(name, by, summary, served=served))


LIBERTIES: tuple[Liberty, ...] = (
    _served(
        "wire.slow",
        "RFC 9110 §9.3",
        "How long an answer takes is not said.",
        "each answer takes a moment longer",
        _sending(_slowly),
    ),
    _served(
        "wire.in_parts",
        "RFC 9112 §7.1",
        "A body may be sent in chunks, its length unknown before.",
        "a body comes in small chunks",
        _sending(_in_parts),
    ),
    _served(
        "wire.closes_each_connection",
        "RFC 9112 §9.6",
        "A server may close a connection after any response, and says so.",
        "each connection is closed after one request",
        _closing(1),
    ),
    _served(
        "wire.closes_connections_early",
        "RFC 9112 §9.6",
        "A server may close a connection after any response, and says so.",
        f"each connection is closed after {FEW} requests",
        _closing(FEW),
    ),
    _served(
        "wire.coded",
        "RFC 9110 §8.4",
        "A body may have a content coding that the client accepts.",
        "bodies are coded with gzip where the client takes it",
        _sending(_coded),
    ),
    _served(
        "wire.header_names_in_capitals",
        "RFC 9110 §5.1",
        "The name of a header is compared without regard to case.",
        "the names of headers are sent in capitals",
        _sending(_in_capitals),
    ),
    _served(
        "wire.guessing_limited",
        "RFC 6749 §2.3.1",
        "An endpoint that takes passwords has to be protected against guessing (RFC 6585 §4: 429).",
        f"after {GUESSES} refusals in a row the token endpoint answers 429 once, with Retry-After",
        _guessing_limited,
    ),
)
