"""The reference server as a transport: no sockets, and the reason of every refusal at hand."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from tokenspec.conformance.http import Request, Response
from tokenspec.reference_server import Refusal, Server
from tokenspec.reference_server import Request as ServerRequest

REMEMBERED = 100  # refusals whose reason can still be asked for


class InProcessTransport:
    """Sends requests straight to a reference server. Not for several threads: one play each."""

    def __init__(self, server: Server, clock: Callable[[], float] = time.perf_counter) -> None:
        self.server = server
        self._clock = clock
        self.refusal: Refusal | None = None  # of the last response that was one
        self._refused: deque[tuple[Response, Refusal]] = deque(maxlen=REMEMBERED)

    def send(self, request: Request) -> Response:
        """Answer with the server's own `handle`."""
        started = self._clock()
        asked = ServerRequest(request.method, request.url, request.headers, request.body)
        answer = self.server.handle(asked)
        response = Response(answer.status, answer.headers, answer.body, self._clock() - started)
        if answer.refusal is not None:
            self.refusal = answer.refusal
            self._refused.append((response, answer.refusal))
        return response

    def refusal_of(self, response: Response | None) -> Refusal | None:
        """Why a response of this transport refused; None where it did not."""
        return next((why for given, why in self._refused if given is response), None)
