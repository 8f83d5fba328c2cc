"""Requests and responses as plain values: the whole surface of the server's core."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request was refused: the oracle's explanation, never sent to the client.

    Attributes:
        guard: the name of the guard that refused, such as `pkce.verifier_matches`.
        requirement: the requirement it enforces, such as `RFC7636-4.6-mismatch_invalid_grant`.
        cause: what was wrong, in words.
    """

    guard: str
    requirement: str
    cause: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request.

    Attributes:
        method: in capital letters.
        url: absolute, with its query.
        headers: pairs of name and value, repetition kept.
        body: as it was sent.
    """

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""

    def header_all(self, name: str) -> tuple[str, ...]:
        """Every header of that name, case-insensitively."""
        return tuple(value for key, value in self.headers if key.lower() == name.lower())

    def header(self, name: str) -> str:
        """The first header of that name, empty where absent."""
        return next(iter(self.header_all(name)), "")

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The decoded query parameters, repetition kept."""
        return tuple(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @property
    def form(self) -> tuple[tuple[str, str], ...]:
        """The decoded form parameters, repetition kept."""
        text = self.body.decode("utf-8", "replace")
        return tuple(parse_qsl(text, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Response:
    """A response.

    Attributes:
        status: of HTTP.
        headers: pairs of name and value, repetition kept.
        body: as it is sent.
        refusal: why the request was refused; None where it was not. It is never sent.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""
    refusal: Refusal | None = None
