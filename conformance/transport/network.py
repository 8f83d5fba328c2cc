"""Requests over the network, through httpx, with every answer capped in bytes and seconds."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import httpcore
import httpx

from tokenspec import __version__
from tokenspec.conformance.errors import BrokenOff, TimedOut, Unreachable, UsageError
from tokenspec.conformance.http import Request, Response, origin
from tokenspec.conformance.target.model import Limits, Network
from tokenspec.conformance.transport.allowance import Allowance, AllowedBackend
from tokenspec.conformance.transport.pools import TARGET, LentPools

USER_AGENT = f"tokenspec/{__version__}"
CHUNK = 16 * 1024
LARGEST_HEAD = 256 * 1024  # bytes of everything in an answer that is not its body
KEPT_ALIVE, MOST_CONNECTIONS = 64, 256
KEPT_FOR = 5.0  # seconds
STRAIGHT = Network()
# a query that goes out as it is written; longer ones may be more than httpx takes
PLAIN_QUERY = re.compile(r"(?:[A-Za-z0-9._~+&=-]|%[0-9A-Fa-f]{2})+")
LONGEST_PLAIN = 8000


class NetworkTransport:
    """Sends requests with httpx; no redirects, no cookies, no settings of the environment.

    Args:
        limits: seconds and bytes allowed for one response.
        verify_tls: whether certificates have to be valid.
        network: proxy, certificates, headers and addresses.
        allowed: allowed origins; None for any.
        clock: monotonic seconds.
        inner: the httpx transport to use; for tests.

    Raises:
        UsageError: a certificate or key of `network` cannot be used.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        verify_tls: bool = True,
        network: Network = STRAIGHT,
        allowed: frozenset[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        inner: httpx.BaseTransport | None = None,
    ) -> None:
        self._limits = limits
        self._network = network
        self._clock = clock
        self.allowed = allowed
        self._allowance = Allowance()
        # no httpx.Client: it reads cookies and redirects, and gives up where it cannot
        self._wire = inner or _wire(network, self._backend(), verify_tls=verify_tls)
        self._patience = httpx.Timeout(limits.timeout).as_dict()

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
        self._wire.close()

    def send(self, request: Request) -> Response:
        """Send one request and read its answer whole.

        Raises:
            Unreachable: no answer, too large an answer, or an origin that is not allowed.
            TimedOut: the answer was not complete in time.
        """
        place = origin(request.url)
        if self.allowed is not None and place not in self.allowed:
            raise Unreachable(
                f"{place} is not an allowed host",
                "name it under 'hosts' in the target file if it belongs to the target",
            )
        started = self._clock()
        self._allowance.begin(
            end=started + self._limits.timeout, most=self._limits.body + LARGEST_HEAD
        )
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
        url, name = self._connected(request)
        address, target = addressed(url)
        extensions = {"timeout": self._patience, TARGET: target}
        made = httpx.Request(
            request.method,
            address,
            headers=headers,
            content=request.body,
            extensions=extensions | ({"sni_hostname": name} if name else {}),
        )
        response = self._wire.handle_request(made)
        try:
            body = self._body(request, response, started)
        finally:
            response.close()
        received = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in response.headers.raw
        )
        return Response(response.status_code, received, body, self._clock() - started)

    def _backend(self) -> AllowedBackend:
        return AllowedBackend(self._allowance, self._clock)

    def _headers(self, request: Request) -> tuple[tuple[str, str], ...]:
        names = {name.lower() for name, _ in request.headers}
        usual = (("User-Agent", USER_AGENT), ("Accept", "*/*"), ("Accept-Encoding", "identity"))
        added = (*self._named(request), *usual, *self._network.headers)
        return (*request.headers, *(pair for pair in added if pair[0].lower() not in names))

    def _named(self, request: Request) -> tuple[tuple[str, str], ...]:
        """The Host header, where it is not that of the address connected to."""
        if self._network.host:
            return (("Host", self._network.host),)
        moved = self._network.address or self._network.plain_http
        return (("Host", urlsplit(request.url).netloc),) if moved else ()

    def _connected(self, request: Request) -> tuple[str, str]:
        """The URL to connect to, and the name its certificate has to bear if it is another."""
        network = self._network
        if not (network.address or network.host or network.plain_http):
            return request.url, ""
        parts = urlsplit(request.url)
        name = urlsplit(f"//{network.host}").hostname if network.host else parts.hostname
        url = parts._replace(netloc=network.address or parts.netloc)
        if not network.plain_http:
            return urlunsplit(url), name or ""
        return urlunsplit(url._replace(scheme="http")), ""

    def _body(self, request: Request, response: httpx.Response, started: float) -> bytes:
        """The body as sent, read in pieces so that neither size nor drip-feeding can exhaust us."""
        pieces, size = [], 0
        for piece in response.iter_raw(CHUNK):
            size += len(piece)
            if size > self._limits.body:
                raise Unreachable(
                    f"an answer of {origin(request.url)} is larger than {self._limits.body} bytes",
                    "raise 'limits.body' in the target file if that is meant to be",
                )
            if self._clock() - started > self._limits.timeout:
                raise TimedOut(f"no whole answer within {self._limits.timeout:g} s")
            pieces.append(piece)
        return b"".join(pieces)


def addressed(url: str) -> tuple[httpx.URL, bytes]:
    """Where a request goes, and the path and query that it asks for there.

    httpx looks at each character of a URL. What stands before the query of ours is the same time
    and again, and a query without anything to encode needs no look.

    Raises:
        httpx.InvalidURL: it is none.
    """
    place, _, query = url.partition("?")
    if "#" in place or len(query) > LONGEST_PLAIN or not PLAIN_QUERY.fullmatch(query):
        parsed = httpx.URL(url)
        return parsed, parsed.raw_path
    parsed = _parsed(place)
    return parsed, parsed.raw_path + b"?" + query.encode()


@lru_cache(maxsize=64)
def _parsed(place: str) -> httpx.URL:
    return httpx.URL(place)


def _wire(network: Network, backend: AllowedBackend, *, verify_tls: bool) -> LentPools:
    local = {4: "0.0.0.0", 6: "::"}.get(network.ip_version)  # noqa: S104 - any of that family
    settings: dict[str, Any] = {
        "ssl_context": tls_context(network, verify_tls=verify_tls),
        "http2": network.http2,
        "local_address": local,
        "max_connections": MOST_CONNECTIONS,
        "max_keepalive_connections": KEPT_ALIVE,
        "keepalive_expiry": KEPT_FOR,
        "network_backend": backend,
    }
    return LentPools(_making(network, settings), http2=network.http2)


def _making(network: Network, settings: Mapping[str, Any]) -> Callable[[], httpcore.ConnectionPool]:
    """What makes a pool; a proxy is looked at now, once for all of them."""
    if not network.proxy:
        return partial(httpcore.ConnectionPool, **settings)
    proxy = httpx.Proxy(network.proxy)
    place = httpcore.URL(
        scheme=proxy.url.raw_scheme,
        host=proxy.url.raw_host,
        port=proxy.url.port,
        target=proxy.url.raw_path,
    )
    return partial(httpcore.HTTPProxy, place, proxy.raw_auth, **settings)


def tls_context(network: Network, *, verify_tls: bool = True) -> ssl.SSLContext:
    """What certificates are trusted, and which one is shown.

    Raises:
        UsageError: a certificate or key cannot be used.
    """
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    if not verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if network.ca_file:
        try:
            context.load_verify_locations(cafile=network.ca_file)
        except ssl.SSLError as error:
            hint = "network.ca_file holds certificates in PEM"
            raise UsageError(f"{network.ca_file} holds no certificates: {error}", hint) from error
    if network.client_certificate:
        try:
            context.load_cert_chain(network.client_certificate, network.client_key or None)
        except (ssl.SSLError, OSError) as error:
            hint = "check network.client_certificate and network.client_key: PEM, no passphrase"
            raise UsageError(f"the client certificate cannot be used: {error}", hint) from error
    return context


def _unreachable(place: str, error: httpx.TransportError) -> Unreachable:
    text = str(error) or type(error).__name__
    if "CERTIFICATE" in text.upper():
        hint = (
            "fix the certificate, trust its issuer with 'network: {ca_file: …}', or set "
            "'verify_tls: false' for a test system"
        )
        return Unreachable(f"the TLS certificate of {place} is not valid: {text}", hint)
    if isinstance(error, httpx.ProxyError):
        return Unreachable(f"the proxy refused {place}: {text}", "check network.proxy")
    if isinstance(error, httpx.ConnectError):
        hint = "is it running, and is 'issuer' in the target file right?"
        return Unreachable(f"cannot connect to {place}: {text}", hint)
    return BrokenOff(f"{place} broke off: {text}")
