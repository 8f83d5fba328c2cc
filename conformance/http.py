"""HTTP as plain values, and the one seam through which every byte reaches a server.

Nothing outside this module and `conformance.transport` knows which HTTP library is used.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

Headers = tuple[tuple[str, str], ...]

# of gateways, and of servers that cannot answer for now (RFC 9110 §15.6.3 to §15.6.5)
OUT_OF_SERVICE = (502, 503, 504)
COME_BACK = "the server, or what it rests on, is out of service: run again when it answers"
DEEPEST = 100  # levels of nesting in JSON that somebody else wrote


@dataclass(frozen=True, slots=True)
class Request:
    """A request with an absolute URL. Header order and repetition are kept as given."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first header of that name, case-insensitively, or None."""
        return next(header_values(self.headers, name), None)


@dataclass(frozen=True, slots=True)
class Response:
    """A whole response. `elapsed` is in seconds."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    elapsed: float = 0.0

    def header(self, name: str) -> str | None:
        """The first header of that name, case-insensitively, or None."""
        return next(header_values(self.headers, name), None)

    def header_all(self, name: str) -> tuple[str, ...]:
        """All headers of that name, in the order received."""
        return tuple(header_values(self.headers, name))

    @property
    def media_type(self) -> str:
        """The Content-Type without parameters, in lower case; empty where absent."""
        return (self.header("Content-Type") or "").split(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as UTF-8 with undecodable bytes replaced."""
        return self.body.decode("utf-8", "replace")

    def json_object(self) -> dict[str, Any] | None:
        """The body as a JSON object, or None where it is anything else."""
        try:
            value = read_json(self.body)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came of it: a response, or the reason there is none."""

    request: Request
    response: Response | None = None
    failure: str = ""

    @property
    def answered(self) -> bool:
        """Whether the server itself answered: no gateway for it, and in service."""
        return self.response is not None and self.response.status not in OUT_OF_SERVICE


class Transport(Protocol):
    """Sends one request; never follows a redirect, never keeps a cookie."""

    def send(self, request: Request) -> Response:
        """Send `request`.

        Raises:
            Unreachable: no whole answer came (see the subclasses).
        """
        ...


@dataclass(slots=True)
class Recorder:
    """A transport that remembers, in order, every exchange that passed through it."""

    transport: Transport
    exchanges: list[Exchange] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        """Send through the inner transport; a failure is recorded and raised on."""
        try:
            response = self.transport.send(request)
        except Exception as error:
            self.exchanges.append(Exchange(request, failure=str(error)))
            raise
        self.exchanges.append(Exchange(request, response))
        return response


def read_json(text: bytes) -> Any:
    """JSON that somebody else wrote; half of a surrogate pair, which no text can hold, is replaced.

    Raises:
        ValueError: it is not JSON, or nested too deeply to be read.
    """
    try:
        value = json.loads(text)
        if b"\\u" in text or b"\xed" in text:
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not shallow(value):
        raise ValueError("nested too deeply")
    return value


def shallow(value: Any, levels: int = DEEPEST) -> bool:
    """Whether a JSON value is nested no deeper than anything that is passed on may be.

    How deep Python itself reads, writes and copies differs between its versions.
    """
    level = [value]
    for _ in range(levels):
        level = [member for outer in level for member in _members(outer)]
        if not level:
            return True
    return False


def _members(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def header_values(headers: Sequence[tuple[str, str]], name: str) -> Iterator[str]:
    """The values of every header called `name`, case-insensitively."""
    wanted = name.lower()
    return (value for key, value in headers if key.lower() == wanted)


def query_parameters(url: str) -> tuple[tuple[str, str], ...]:
    """The query of `url` decoded, order, repetition and empty values kept."""
    return tuple(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def origin(url: str) -> str:
    """`scheme://host:port` in lower case with the default port written out.

    What is no address, as one whose port is not a number, is the same as itself alone.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return url
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine: localhost, 127.0.0.0/8 or ::1."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
