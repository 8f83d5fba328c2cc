"""Connections as httpx wants them; httpx itself gives no way to choose how they are opened.

A pool of httpcore looks through all its connections for every request, and does so under one lock.
So a pool is lent to one request at a time: it then has one connection to each origin, nobody waits
for it, and the dozens that a race opens burden nothing else. Over HTTP/2 requests that race have to
travel on one connection, so those share a pool; others do not, as httpcore has no lock around the
beginning of a stream. For the same reason each of a race is written when the one before it is.
A connection of HTTP/2 that the server ends is used no more, and what it did not process is sent
again on another (`goaway`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpcore
import httpx

from tokenspec.conformance.transport.allowance import ENDING
from tokenspec.conformance.transport.goaway import not_processed
from tokenspec.conformance.transport.release import HELD, Release

MOST_IDLE = 64  # pools kept for later requests
MOST_USES = 90  # of a connection of HTTP/2; some servers end one after 100 without a word
OF_HTTPCORE = ("httpcore", "tokenspec")  # where its errors, and ours of their kind, are defined
# path and query of a request, as an extension; that of httpcore itself (`target`) would be what a
# proxy is asked to connect to as well
TARGET = "tokenspec_target"
RESENT = 3  # times that a request is sent again which was not processed


class LentPools(httpx.BaseTransport):
    """Sends each request through a pool that nothing else uses meanwhile. Safe for many threads.

    Args:
        make: makes a pool.
        http2: whether connections may be of HTTP/2.
    """

    def __init__(self, make: Callable[[], httpcore.ConnectionPool], *, http2: bool) -> None:
        self._make = make
        self._http2 = http2
        self._idle: list[_Lent] = []  # the one used last is lent first
        self._racing: tuple[Release, _Lent] | None = None  # the newest race over HTTP/2
        self._lock = threading.Lock()
        self._closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; its answer is read by whoever iterates over its stream."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.extensions.get(TARGET, request.url.raw_path),
        )
        made = httpcore.Request(
            method=request.method,
            url=url,
            headers=request.headers.raw,
            content=request.read(),
            extensions=request.extensions,
        )
        lent, answer = self._sent(made)
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Stream(answer, lambda: self._give_back(lent)),
            extensions=answer.extensions,
        )

    def _sent(self, request: httpcore.Request) -> tuple[_Lent, httpcore.Response]:
        """The answer to a request and where it is read; sent again where nobody looked at it."""
        times = 0
        while True:
            lent = self._lend()
            try:
                answer = self._answer(lent.pool, request)
            except Exception as error:
                lent.worn = lent.worn or self._http2
                self._give_back(lent)
                if times < RESENT and HELD.get() is None and not_processed(error):
                    times += 1
                    continue
                raise as_httpx(error) from error
            if self._http2 and "network_stream" in answer.extensions:
                lent.streams.add(answer.extensions["network_stream"])
            return lent, answer

    def _answer(
        self, pool: httpcore.ConnectionPool, request: httpcore.Request
    ) -> httpcore.Response:
        """The answer to a request; those that race are written one after another."""
        held = HELD.get()
        if not self._http2 or held is None:
            return pool.handle_request(request)
        held.release.begin(held.place)
        try:
            return pool.handle_request(request)
        finally:
            held.release.written(held.place)

    def close(self) -> None:
        """Close every connection, those in use when their answers were read."""
        self._closed = True
        for lent in self._idle:
            lent.pool.close()
        self._idle.clear()

    def _lend(self) -> _Lent:
        held = HELD.get()
        if not self._http2 or held is None:
            return self._unused()
        with self._lock:
            if self._racing is None or self._racing[0] is not held.release:
                self._racing = (held.release, self._unused())
            lent = self._racing[1]
            lent.users += 1
            return lent

    def _unused(self) -> _Lent:
        while True:
            try:
                lent = self._idle.pop()
            except IndexError:
                return _Lent(self._make())
            if not lent.ending:
                return lent
            lent.pool.close()

    def _give_back(self, lent: _Lent) -> None:
        with self._lock:
            lent.users = max(lent.users - 1, 0)
            lent.uses += 1
            if lent.users:
                return
        worn = lent.worn or (self._http2 and lent.uses >= MOST_USES)
        if self._closed or worn or len(self._idle) >= MOST_IDLE:
            lent.pool.close()
        else:
            self._idle.append(lent)


@dataclass(slots=True)
class _Lent:
    """A pool, the requests of a race that use it now, and how often it was used."""

    pool: httpcore.ConnectionPool
    users: int = 0
    uses: int = 0
    worn: bool = False  # it is used no more
    streams: set[Any] = field(default_factory=set)  # its connections of HTTP/2

    @property
    def ending(self) -> bool:
        """Whether the server has ended a connection, or has said that it will."""
        return any(stream.get_extra_info(ENDING) for stream in self.streams)


class _Stream(httpx.SyncByteStream):
    """The body of an answer; `ended` is called when nobody reads any more of it."""

    def __init__(self, answer: httpcore.Response, ended: Callable[[], None]) -> None:
        self._answer = answer
        self._ended = ended

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._answer.iter_stream()
        except Exception as error:
            raise as_httpx(error) from error

    def close(self) -> None:
        try:
            self._answer.close()
        finally:
            self._ended()


def as_httpx(error: Exception) -> Exception:
    """The error of httpx for one of httpcore; they bear the same names. Any other stays itself."""
    for kind in type(error).__mro__:
        if kind.__module__.partition(".")[0] not in OF_HTTPCORE:
            continue
        named = getattr(httpx, kind.__name__, None)
        if isinstance(named, type) and issubclass(named, httpx.TransportError):
            return named(str(error))
    return error
