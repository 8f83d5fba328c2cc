"""A cookie jar over our own request and response values, with the rules of `http.cookiejar`."""

from __future__ import annotations

from email.message import Message
from http import cookiejar
from http.client import HTTPResponse
from ipaddress import ip_address
from typing import Any, cast
from urllib.parse import urlsplit
from urllib.request import Request as UrllibRequest

from tokenspec.conformance.http import Response, is_loopback


class CookieJar:
    """The cookies of one browser. Not for several threads."""

    def __init__(self) -> None:
        self._jar = cookiejar.CookieJar(_Policy())

    def header_for(self, url: str) -> str:
        """The Cookie header for a request to `url`; empty where no cookie goes there."""
        request = UrllibRequest(url)  # noqa: S310 - built to ask the jar, never opened
        self._jar.add_cookie_header(request)
        return request.get_header("Cookie") or ""

    def store(self, url: str, response: Response) -> None:
        """Keep the cookies that `response`, the answer to `url`, sets."""
        headers = Message()
        host = (urlsplit(url).hostname or "").lower()
        for value in response.header_all("Set-Cookie"):
            headers["Set-Cookie"] = value if _has_domains(host) else _of_host(value, host)
        request = UrllibRequest(url)  # noqa: S310 - built to tell the jar, never opened
        self._jar.extract_cookies(cast("HTTPResponse", _Headers(headers)), request)

    def as_dicts(self) -> list[dict[str, Any]]:
        """The cookies as a browser is given them: name, value, domain, path, secure."""
        return [
            {
                "name": cookie.name,
                "value": cookie.value or "",
                "domain": cookie.domain,
                "path": cookie.path,
                "secure": cookie.secure,
            }
            for cookie in self._jar
        ]

    def copy(self) -> CookieJar:
        """A jar of its own with the same cookies."""
        copied = CookieJar()
        for cookie in self._jar:
            copied._jar.set_cookie(cookie)
        return copied

    def __len__(self) -> int:
        return len(self._jar)


def _has_domains(host: str) -> bool:
    """Whether a host can share cookies with others; one name alone or a number cannot."""
    try:
        ip_address(host)
    except ValueError:
        return "." in host
    return False


def _of_host(cookie: str, host: str) -> str:
    """A cookie without the Domain that names its own host, as browsers keep it: `localhost`.

    `http.cookiejar` takes no Domain without a dot in it.
    """
    parts = cookie.split(";")
    own = (f"domain={host}", f"domain=.{host}")
    return ";".join(part for part in parts if "".join(part.split()).lower() not in own)


class _Headers:
    """What `http.cookiejar` reads of a response."""

    def __init__(self, headers: Message) -> None:
        self._headers = headers

    def info(self) -> Message:
        return self._headers


class _Policy(cookiejar.DefaultCookiePolicy):
    """Secure cookies also go to plain http on the loopback, as they do in browsers."""

    def return_ok_secure(self, cookie: cookiejar.Cookie, request: UrllibRequest) -> bool:
        """Whether the scheme of the request may carry the cookie."""
        return super().return_ok_secure(cookie, request) or is_loopback(request.full_url)
