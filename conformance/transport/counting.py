"""A transport that counts what a run costs its target: requests, and authorization codes spent."""

from __future__ import annotations

import threading
from urllib.parse import parse_qsl

from tokenspec.conformance.http import Request, Response, Transport


class CountingTransport:
    """Passes every request on; safe for many threads. A code sent twice counts once."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self._codes: set[int] = set()
        self.requests = 0

    @property
    def codes(self) -> int:
        """How many different codes were sent to be exchanged."""
        return len(self._codes)

    def send(self, request: Request) -> Response:
        """Count and pass on."""
        code = _code(request)
        with self._lock:
            self.requests += 1
            if code:
                self._codes.add(hash(code))
        return self._inner.send(request)


def _code(request: Request) -> str:
    """The code of a token request; empty where it has none."""
    if b"authorization_code" not in request.body:
        return ""
    return dict(parse_qsl(request.body.decode("latin-1"))).get("code", "")
