"""Connections that keep to what one answer may take, in seconds and in bytes, however it is sent.

A time limit for each read is none: a server that sends a byte a second keeps within it for ever,
and so does one that never ends its headers or sends one `100 Continue` after another. So every read
counts against the whole.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from tokenspec.conformance.transport.goaway import Announced, NotProcessed
from tokenspec.conformance.transport.release import HELD
from tokenspec.conformance.transport.tls import SharedTls

ENDING = "ending"  # what a stream is asked by that name: whether it takes no further request
AT_ONCE = 0.01  # seconds, for what is there already
READ_AHEAD = 64 * 1024  # bytes


class Allowance(threading.local):
    """What the request of this thread may still take. Each request is sent by one thread."""

    end = float("inf")  # when the answer has to be whole, in seconds of the clock
    bytes_left = float("inf")

    def begin(self, *, end: float, most: int) -> None:
        """Allow so many bytes until `end`."""
        self.end, self.bytes_left = end, most


class AllowedBackend(httpcore.NetworkBackend):
    """Opens connections whose reads count against the allowance of the thread that reads."""

    def __init__(self, allowance: Allowance, clock: Callable[[], float] = time.monotonic) -> None:
        self._inner = httpcore.SyncBackend()
        self._allowance = allowance
        self._clock = clock

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection over TCP."""
        inner = self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        return _AllowedStream(inner, self._allowance, self._clock)


class _AllowedStream(httpcore.NetworkStream):
    """A connection; TLS upon it is one again."""

    def __init__(
        self, inner: httpcore.NetworkStream, allowance: Allowance, clock: Callable[[], float]
    ) -> None:
        self._inner = inner
        self._allowance = allowance
        self._clock = clock
        self._shared = SharedTls(clock)
        self._announced = Announced() if self._speaks_http2() else None
        self._ahead = b""  # read while nobody waited for it

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._announced is None:
            return self._read(max_bytes, timeout)
        data, self._ahead = self._ahead, b""
        while not data:
            if self._announced.unprocessed and HELD.get() is None:
                raise NotProcessed("the server ended the connection before this request")
            read = self._read(max_bytes, timeout)
            if not read:
                break
            data = self._announced.received(read)
        return data

    def _read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._allowance.end - self._clock()
        if left <= 0:
            raise httpcore.ReadTimeout("the answer was not whole in time")
        patience = left if timeout is None else min(timeout, left)
        wire = self._raced()
        if wire is None:
            data = self._inner.read(max_bytes, patience)
        else:
            data = self._shared.read(wire, max_bytes, patience)
        self._allowance.bytes_left -= len(data)
        if self._allowance.bytes_left < 0:
            raise httpcore.ReadError("the answer, with its headers, is larger than allowed")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        held = HELD.get()
        if held is None:
            self._write(buffer, timeout)
            return
        http2 = self._speaks_http2()
        now, last, ends = held.split(buffer, http2=http2)
        self._write(now, timeout)
        if last:
            held.release.hold(id(self), self._write_last, last, place=held.place, requests=ends)
        elif held.whole(buffer, http2=http2):
            held.release.written(held.place)

    def _write(self, buffer: bytes, timeout: float | None) -> None:
        if self._announced is not None:
            self._announced.sent(buffer)
        wire = self._raced()
        if wire is None:
            self._inner.write(buffer, timeout)
        else:
            self._shared.write(wire, buffer, timeout)

    def _write_last(self, last: bytes) -> None:
        """Write while the thread of the request waits for its answer.

        Straight to the socket: a write of the stream sets a time limit of its own, and the one who
        reads with another would be told that nothing is there.
        """
        wire = self._inner.get_extra_info("socket")
        secured = self._inner.get_extra_info("ssl_object")
        if wire is not None and secured is None:
            wire.sendall(last)
        else:
            self._write(last, max(self._allowance.end - self._clock(), 0.0))

    def _raced(self) -> ssl.SSLSocket | None:
        """The TLS socket, while others may use it too; TLS inside that of a proxy has none."""
        wire = self._inner.get_extra_info("socket")
        return wire if HELD.get() is not None and isinstance(wire, ssl.SSLSocket) else None

    def _speaks_http2(self) -> bool:
        secured = self._inner.get_extra_info("ssl_object")
        return secured is not None and secured.selected_alpn_protocol() == "h2"

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, timeout)
        return _AllowedStream(inner, self._allowance, self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._is_ending() if info == ENDING else self._inner.get_extra_info(info)

    def _is_ending(self) -> bool:
        """Whether this connection of HTTP/2, which is idle, takes no further request."""
        if self._announced is None or self._announced.ending:
            return self._announced is not None
        if not self._inner.get_extra_info("is_readable"):
            return False
        try:
            read = self._inner.read(READ_AHEAD, AT_ONCE)
        except httpcore.ReadTimeout:
            return False
        except httpcore.ReadError:
            return True
        self._ahead += self._announced.received(read)
        return not read or self._announced.ending
