"""Requests held back by their last bytes, which then go out together.

However far apart the requests were written, a server can begin with none of them before the last
byte is there. So what a network does to each of them before that does not matter: the connections
are open and the heads are read. Over HTTP/2 the last frames go out in one write, so in one packet.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field

import httpcore

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"  # RFC 9113 §3.4
FRAME_HEAD, FLAGS_AT = 9, 4  # bytes; RFC 9113 §4.1
DATA, HEADERS, END_STREAM = 0, 1, 1  # RFC 9113 §6.1 and §6.2
Write = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class _Kept:
    """The last bytes of a request: its place among the others, its connection, how to write."""

    place: int
    connection: int
    write: Write
    last: bytes


class Release:
    """Lets so many requests go as soon as each has been held back, or has ended without.

    They go in the order of their places, so that a race begins with the same one every time. Those
    that share a connection are written one after another: it has no lock of its own for that.
    """

    def __init__(self, count: int) -> None:
        self._missing = count
        self._lock = threading.Lock()
        self._free = threading.Condition(self._lock)
        self._writing: int | None = None  # the place of the request that is written now
        self._kept: list[_Kept] = []

    def begin(self, place: int) -> None:
        """Wait until no other request is being written; until it is `written` this one is."""
        with self._free:
            self._free.wait_for(lambda: self._writing is None)
            self._writing = place

    def written(self, place: int) -> None:
        """This request keeps no other waiting any more."""
        with self._free:
            if self._writing == place:
                self._next()

    def _next(self) -> None:
        self._writing = None
        self._free.notify()

    def hold(
        self, connection: int, write: Write, last: bytes, *, place: int = 0, requests: int = 1
    ) -> None:
        """Keep the last bytes of requests on a connection until all are there."""
        with self._lock:
            self._kept.append(_Kept(place, connection, write, last))
            self._next()  # whoever sends its last bytes: they are those of the one being written
            self._arrived(requests)

    def ended(self) -> None:
        """A request has come to its end; before the release that means it was not held."""
        with self._lock:
            if self._missing > 0:
                self._arrived(1)

    def _arrived(self, requests: int) -> None:
        self._missing -= requests
        if self._missing > 0:
            return
        connections: dict[int, list[_Kept]] = {}
        for kept in sorted(self._kept, key=lambda kept: kept.place):
            connections.setdefault(kept.connection, []).append(kept)
        self._kept.clear()
        for several in connections.values():
            with contextlib.suppress(
                httpcore.WriteError, OSError
            ):  # who waits for its answer will see
                several[0].write(b"".join(kept.last for kept in several))


@dataclass(frozen=True, slots=True)
class Held:
    """The request of this thread: what releases it, its body if it has one, its place."""

    release: Release
    body: bytes = field(repr=False)
    place: int = 0

    def split(self, buffer: bytes, *, http2: bool) -> tuple[bytes, bytes, int]:
        """What of `buffer` goes at once, what is kept back, and how many requests that ends."""
        if not http2:
            if self.body and buffer.endswith(self.body):
                return buffer[:-1], buffer[-1:], 1
            return buffer, b"", 0
        now, last, ends = b"", b"", 0
        for frame, ending in _frames(buffer):
            if ending == DATA:
                last, ends = last + frame, ends + 1
            else:
                now += frame
        return now, last, ends

    def whole(self, buffer: bytes, *, http2: bool) -> bool:
        """Whether `buffer` has all of a request that has no body, so that nothing is kept back."""
        if not http2:
            return not self.body
        return any(ending == HEADERS for _, ending in _frames(buffer))


HELD: ContextVar[Held | None] = ContextVar("the request held back in this thread", default=None)


def _frames(buffer: bytes) -> Iterator[tuple[bytes, int | None]]:
    """The frames of a write, each with its kind if it ends a request."""
    at = len(PREFACE) if buffer.startswith(PREFACE) else 0
    if at:
        yield buffer[:at], None
    while at < len(buffer):
        end = at + FRAME_HEAD + int.from_bytes(buffer[at : at + 3])
        kind, flags = buffer[at + 3], buffer[at + FLAGS_AT]
        ends = kind in (DATA, HEADERS) and bool(flags & END_STREAM)
        yield buffer[at:end], kind if ends else None
        at = end
