"""The end of a connection of HTTP/2, as a server announces it: GOAWAY (RFC 9113 §6.8).

The frame names the last stream that the server may act on. What came before is answered still;
what came after was not processed and may be sent again (§8.7). httpcore ends either without an
answer when it reads the frame, so the frame is taken out of what it reads.
"""

from __future__ import annotations

import httpcore

from tokenspec.conformance.transport.release import FRAME_HEAD, HEADERS, PREFACE

GOAWAY = 7  # RFC 9113 §6.8
REFUSED_STREAM = 7  # RFC 9113 §7
KIND_AT, STREAM_AT = 3, 5  # bytes; RFC 9113 §4.1
STREAM = 0x7FFFFFFF  # without the bit that is reserved


class NotProcessed(httpcore.RemoteProtocolError):
    """The server has ended the connection before it looked at a request."""


class Announced:
    """Both directions of one connection, looked through for what ends it."""

    def __init__(self) -> None:
        self.ending = False  # the server has announced it
        self._last = STREAM  # the last stream that it may act on
        self._asked = 0  # the last stream that a request began
        self._passing = 0  # bytes of a frame that are still to come, and to be passed on
        self._kept = b""  # the beginning of a frame

    @property
    def unprocessed(self) -> bool:
        """Whether the newest request will not be answered here."""
        return self.ending and self._asked > self._last

    def sent(self, buffer: bytes) -> None:
        """Whole frames were written, the preface before the first."""
        at = len(PREFACE) if buffer.startswith(PREFACE) else 0
        while at < len(buffer):
            if buffer[at + KIND_AT] == HEADERS:
                self._asked = int.from_bytes(buffer[at + STREAM_AT : at + FRAME_HEAD]) & STREAM
            at += FRAME_HEAD + int.from_bytes(buffer[at : at + KIND_AT])

    def received(self, data: bytes) -> bytes:
        """Of what was read, what goes on to httpcore."""
        data, passed = self._kept + data, b""
        self._kept = b""
        while data:
            if not self._passing:
                size = FRAME_HEAD + int.from_bytes(data[:KIND_AT])
                if len(data) < FRAME_HEAD or (data[KIND_AT] == GOAWAY and len(data) < size):
                    self._kept = data
                    break
                if data[KIND_AT] == GOAWAY:
                    self._announce(data[FRAME_HEAD:size])
                    data = data[size:]
                    continue
                self._passing = size
            piece = data[: self._passing]
            passed += piece
            data = data[len(piece) :]
            self._passing -= len(piece)
        return passed

    def _announce(self, payload: bytes) -> None:
        """A server may name a later stream at first, and the last one then."""
        self.ending = True
        self._last = min(self._last, int.from_bytes(payload[:4]) & STREAM)


def not_processed(error: Exception) -> bool:
    """Whether the server says that it has not looked at a request, which may be sent again."""
    reset = error.args[0] if error.args else None
    return isinstance(error, NotProcessed) or (
        isinstance(error, httpcore.RemoteProtocolError)
        and getattr(reset, "error_code", None) == REFUSED_STREAM
        and hasattr(reset, "stream_id")
    )
