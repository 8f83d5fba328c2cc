"""Connections as httpx wants them; httpx itself gives no way to choose how they are opened.

A pool of httpcore looks through all its connections for every request, and does so under one lock.
So a pool is lent to one request at a time: it then has one connection to each origin, nobody waits
for it, and the dozens that a race opens burden nothing else. Over HTTP/2 one is shared by all, as
requests that race have to travel on one connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpcore
import httpx

MOST_IDLE = 64  # pools kept for later requests


class LentPools(httpx.BaseTransport):
    """Sends each request through a pool that nothing else uses meanwhile. Safe for many threads.

    Args:
        make: makes a pool.
        shared: one pool for all requests instead.
    """

    def __init__(self, make: Callable[[], httpcore.ConnectionPool], *, shared: bool) -> None:
        self._make = make
        self._shared = make() if shared else None
        self._idle: list[httpcore.ConnectionPool] = []  # the one used last is lent first
        self._closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; its answer is read by whoever iterates over its stream."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        made = httpcore.Request(
            method=request.method,
            url=url,
            headers=request.headers.raw,
            content=request.read(),
            extensions=request.extensions,
        )
        pool = self._lend()
        try:
            answer = pool.handle_request(made)
        except Exception as error:
            self._give_back(pool)
            raise as_httpx(error) from error
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Stream(answer, lambda: self._give_back(pool)),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close every connection, those in use when their answers were read."""
        self._closed = True
        for pool in (self._shared, *self._idle):
            if pool is not None:
                pool.close()
        self._idle.clear()

    def _lend(self) -> httpcore.ConnectionPool:
        if self._shared is not None:
            return self._shared
        try:
            return self._idle.pop()
        except IndexError:
            return self._make()

    def _give_back(self, pool: httpcore.ConnectionPool) -> None:
        if pool is self._shared:
            return
        if self._closed or len(self._idle) >= MOST_IDLE:
            pool.close()
        else:
            self._idle.append(pool)


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
    if type(error).__module__.partition(".")[0] != "httpcore":
        return error
    for kind in type(error).__mro__:
        named = getattr(httpx, kind.__name__, None)
        if isinstance(named, type) and issubclass(named, httpx.TransportError):
            return named(str(error))
    return error
