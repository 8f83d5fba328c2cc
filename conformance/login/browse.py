"""A very small browser: cookies, redirects, and a keen eye for where it is being sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlencode, urljoin, urlsplit

from tokenspec.conformance.errors import Unreachable
from tokenspec.conformance.http import Headers, Request, Response, Transport, origin
from tokenspec.conformance.login.cookies import CookieJar
from tokenspec.conformance.login.headers import Initiator, headers_of
from tokenspec.conformance.login.model import AuthorizationResult, Ending
from tokenspec.conformance.target.redirects import has_origin

KEEPS_METHOD = (307, 308)
REDIRECTS = (301, 302, 303, *KEEPS_METHOD)
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
DEFAULT_PORTS = {"https": 443, "http": 80}
PAGE_TEXT = 2_000  # characters of a page that a result keeps
# what an answer itself says: a server may write it over what an address has of that name
ANSWERED = frozenset(("code", "state", "iss", "error", "error_description", "error_uri"))


@dataclass(frozen=True, slots=True)
class Shown:
    """A page the browser stands on."""

    url: str
    response: Response


class Browser:
    """Follows redirects among allowed origins; a redirect to anywhere else is an end.

    Args:
        jar: cookies, changed as it goes.
        transport: sends each request.
        origins: the origins that belong to the target.
        redirect_uri: the one of the authorization request.
        hops: how many requests it may make.
    """

    def __init__(
        self,
        jar: CookieJar,
        transport: Transport,
        origins: frozenset[str],
        redirect_uri: str,
        hops: int,
    ) -> None:
        self.jar = jar
        self._transport = transport
        self._origins = origins
        self._redirect_uri = redirect_uri
        self._left = hops
        self._initiator = Initiator(redirect_uri if has_origin(redirect_uri) else "")

    def get(self, url: str) -> Shown | AuthorizationResult:
        """Open `url`."""
        return self._go("GET", url, b"")

    def submit(
        self, action: str, method: str, fields: list[tuple[str, str]]
    ) -> Shown | AuthorizationResult:
        """Send a form; one that leads to the redirect_uri is the callback (form_post)."""
        if is_callback(action, self._redirect_uri):
            return callback(action, fields, self._redirect_uri)
        encoded = urlencode(fields)
        if method == "GET":
            return self.get(f"{action.split('?', maxsplit=1)[0]}?{encoded}")
        return self._go("POST", action, encoded.encode())

    def submit_json(
        self, action: str, fields: list[tuple[str, str]]
    ) -> Shown | AuthorizationResult:
        """Send what a page's script would send."""
        return self._go("POST", action, json.dumps(dict(fields)).encode(), JSON)

    def _go(
        self, method: str, url: str, body: bytes, content_type: str = FORM
    ) -> Shown | AuthorizationResult:
        passed: tuple[str, ...] = ()
        by_script = content_type == JSON
        while True:
            passed = (*passed, url)
            headers = headers_of(method, passed, self._initiator, content_type, by_script=by_script)
            response = self._send(method, url, body, headers)
            location = response.header("Location")
            if response.status not in REDIRECTS or location is None:
                if not by_script:
                    self._initiator = Initiator.on(url, response)
                return Shown(url, response)
            after = _absolute(url, location)
            if after is None or origin_of(after) not in self._origins:
                return self._leave(after or location, response)
            if is_callback(after, self._redirect_uri):
                return self._leave(after, response)
            if response.status not in KEEPS_METHOD:
                method, body = "GET", b""
            url = after

    def _send(self, method: str, url: str, body: bytes, headers: Headers) -> Response:
        if self._left <= 0:
            raise Unreachable(
                "the authorization request led through too many redirects or pages",
                "raise 'limits.hops' in the target file if that is meant to be",
            )
        self._left -= 1
        cookies = self.jar.header_for(url)
        if cookies:
            headers = (*headers, ("Cookie", cookies))
        response = self._transport.send(Request(method, url, headers, body))
        self.jar.store(url, response)
        return response

    def _leave(self, location: str, response: Response) -> AuthorizationResult:
        if is_callback(location, self._redirect_uri):
            return callback(location, (), self._redirect_uri)
        return AuthorizationResult(Ending.ELSEWHERE, response.status, location)


def callback(
    location: str, fields: Iterable[tuple[str, str]], redirect_uri: str
) -> AuthorizationResult:
    """The result for a redirect (or form_post) to the redirect_uri.

    What the redirect_uri has of its own (RFC 6749 §3.1.2: retained) is no part of the answer, nor
    is a fragment without parameters, such as `#_=_`: some servers add one so that a browser keeps
    none of an earlier page (RFC 9700 §4.1.3).
    """
    parts = urlsplit(location)
    fragment = parts.fragment.rpartition("?")[2] if "=" in parts.fragment.strip("_=") else ""
    came = Counter([*_pairs(parts.query), *_pairs(fragment), *fields])
    own = Counter(_pairs(urlsplit(redirect_uri).query))
    times, expected = _names(came), _names(own)
    repeated = tuple(sorted(name for name in times if times[name] > max(expected[name], 1)))
    first: dict[str, str] = {}
    for name, value in came - own:  # in the order they came
        first.setdefault(name, value)
    return AuthorizationResult(Ending.CALLBACK, 0, location, first, repeated)


def is_callback(location: str, redirect_uri: str) -> bool:
    """Whether a URL is the redirect_uri with an answer added to its query or fragment.

    The order of a query is the server's, and a port that goes without saying may be said. Of the
    names of an answer (RFC 6749 §4.1.2) no parameter comes twice (§3.1): the answer's own may stand
    in the place of the address's.
    """
    try:
        went, asked = urlsplit(location), urlsplit(redirect_uri)
        same = _place(went) == _place(asked)
    except ValueError:
        return False
    if not same or went.username != asked.username:
        return False
    came = _pairs(went.query)
    lost = Counter(_pairs(asked.query)) - Counter(came)
    return {name for name, _ in lost} <= ANSWERED & {name for name, _ in came}


def leads_to_the_same(location: str, asked: str, registered: str) -> bool:
    """Whether an answer went to a registered URI, with nothing there of what was asked for besides.

    Args:
        location: where the answer went.
        asked: the redirect_uri of the request, which is not the registered one.
        registered: a registered URI.
    """
    if not is_callback(location, registered):
        return False
    try:
        wanted = urlsplit(asked)
    except ValueError:  # nothing of what cannot be read was carried along
        return True
    added = Counter(_pairs(wanted.query)) - Counter(_pairs(urlsplit(registered).query))
    came = urlsplit(location)
    kept = {name for name, _ in added} & {name for name, _ in _pairs(came.query)}
    return not kept and not (wanted.fragment and wanted.fragment in came.fragment)


def _place(parts: SplitResult) -> tuple[str, str | None, int | None, str]:
    scheme = parts.scheme.lower()
    return scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(scheme), parts.path or "/"


def _names(pairs: Counter[tuple[str, str]]) -> Counter[str]:
    """How often each name is there."""
    return Counter(name for name, _ in pairs.elements())


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def origin_of(url: str) -> str:
    """The origin of a URL; empty where it has none."""
    try:
        return origin(url)
    except ValueError:
        return ""


def _absolute(url: str, location: str) -> str | None:
    try:
        return urljoin(url, location)
    except ValueError:
        return None
