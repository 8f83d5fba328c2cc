"""Requests over the network, through httpx, with every answer capped in bytes and seconds."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpx

from conformance import __version__
from conformance.errors import TimedOut, Unreachable
from conformance.http import Request, Response, origin
from conformance.target.model import Limits

USER_AGENT = f"tokenspec/{__version__}"
CHUNK = 16 * 1024


class NetworkTransport:
    """Sends requests with httpx; no redirects, no cookies, no environment proxies.

    Args:
        limits: seconds and bytes allowed for one response.
        verify_tls: whether certificates have to be valid.
        allowed: origins that may be spoken to; None for any.
        clock: monotonic seconds.
        inner: the httpx transport to use; for tests.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        verify_tls: bool = True,
        allowed: frozenset[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        inner: httpx.BaseTransport | None = None,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self.allowed = allowed
        context: ssl.SSLContext | bool = verify_tls
        self._client = httpx.Client(
            verify=context,
            timeout=limits.timeout,
            follow_redirects=False,
            trust_env=False,
            transport=inner,
            limits=httpx.Limits(max_keepalive_connections=64, max_connections=256),
        )
        self._client.headers.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def send(self, request: Request) -> Response:
        """Send one request and read its answer whole.

        Raises:
            Unreachable: no answer, too large an answer, or an origin that may not be spoken to.
            TimedOut: the answer was not complete in time.
        """
        place = origin(request.url)
        if self.allowed is not None and place not in self.allowed:
            raise Unreachable(
                f"{place} is not among the hosts that may be spoken to",
                "name it under 'hosts' in the target file if it belongs to the target",
            )
        started = self._clock()
        try:
            return self._send(request, started)
        except httpx.TimeoutException as error:
            raise TimedOut(f"no answer from {place} within {self._limits.timeout:g} s") from error
        except httpx.InvalidURL as error:
            raise Unreachable(f"{request.url[:200]!r} is not a usable URL: {error}") from error
        except httpx.TransportError as error:
            raise _unreachable(place, error) from error

    def _send(self, request: Request, started: float) -> Response:
        headers = [(name.encode(), value.encode()) for name, value in self._headers(request)]
        made = httpx.Request(request.method, request.url, headers=headers, content=request.body)
        response = self._client.send(made, stream=True)
        try:
            body = self._body(response, started)
        finally:
            response.close()
        received = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in response.headers.raw
        )
        return Response(response.status_code, received, body, self._clock() - started)

    def _headers(self, request: Request) -> tuple[tuple[str, str], ...]:
        names = {name.lower() for name, _ in request.headers}
        usual = (("User-Agent", USER_AGENT), ("Accept", "*/*"), ("Accept-Encoding", "identity"))
        return (*request.headers, *(pair for pair in usual if pair[0].lower() not in names))

    def _body(self, response: httpx.Response, started: float) -> bytes:
        """The body as sent, read in pieces so that neither size nor drip-feeding can exhaust us."""
        pieces, size = [], 0
        for piece in response.iter_raw(CHUNK):
            size += len(piece)
            if size > self._limits.body:
                raise Unreachable(
                    f"an answer of {origin(str(response.url))} is larger than "
                    f"{self._limits.body} bytes",
                    "raise 'limits.body' in the target file if that is meant to be",
                )
            if self._clock() - started > self._limits.timeout:
                raise TimedOut(f"no whole answer within {self._limits.timeout:g} s")
            pieces.append(piece)
        return b"".join(pieces)


def _unreachable(place: str, error: httpx.TransportError) -> Unreachable:
    text = str(error) or type(error).__name__
    if "CERTIFICATE" in text.upper():
        hint = "mend the certificate, or set 'verify_tls: false' for a test system"
        return Unreachable(f"the TLS certificate of {place} is not valid: {text}", hint)
    if isinstance(error, httpx.ConnectError):
        hint = "is it running, and is 'issuer' in the target file right?"
        return Unreachable(f"cannot connect to {place}: {text}", hint)
    return Unreachable(f"{place} broke off: {text}")
