"""Requests carry what a browser would send: where they come from, and what for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tokenspec.conformance.http import Request, Response, is_loopback, origin
from tokenspec.conformance.login.browse import Browser, Shown
from tokenspec.conformance.login.cookies import CookieJar
from tokenspec.conformance.login.headers import Initiator, headers_of

AS, OTHER, CLIENT = "https://as.example", "https://login.example.org", "https://client.example/cb"
PAGE = Response(200, (("Content-Type", "text/html"),), b"<form method=post></form>")
FORM = "application/x-www-form-urlencoded"


def sent_by(
    answer: Callable[[Request], Response], act: Callable[[Browser], object], client: str = CLIENT
) -> list[Request]:
    """The requests of a browser at a server that answers so."""
    heard: list[Request] = []

    class Wire:
        def send(self, request: Request) -> Response:
            heard.append(request)
            return answer(request)

    act(Browser(CookieJar(), Wire(), frozenset({f"{AS}:443", f"{OTHER}:443"}), client, 9))
    return heard


def sign_in(browser: Browser) -> None:
    assert isinstance(browser.get(f"{AS}/authorize?state=s"), Shown)
    browser.submit(f"{AS}/login", "POST", [("user", "alice")])


def site(request: Request) -> str | None:
    return request.header("Sec-Fetch-Site")


def test_a_client_sends_the_browser_and_the_page_its_form() -> None:
    first, second = sent_by(lambda _request: PAGE, sign_in)
    assert (first.header("Origin"), first.header("Referer"), site(first)) == (
        None, None, "cross-site",
    )  # fmt: skip
    assert (second.header("Origin"), second.header("Referer"), site(second)) == (
        AS, f"{AS}/authorize?state=s", "same-origin",
    )  # fmt: skip
    assert second.header("Content-Type") == FORM
    for request in (first, second):
        assert request.header("Sec-Fetch-Mode") == "navigate"
        assert request.header("Sec-Fetch-Dest") == "document"
        assert "text/html" in str(request.header("Accept"))


def test_a_native_app_is_no_site() -> None:
    (first, _) = sent_by(lambda _request: PAGE, sign_in, "com.example.app:/cb")
    assert site(first) == "none"


def test_a_form_for_another_host_comes_from_its_page() -> None:
    def act(browser: Browser) -> None:
        browser.get(f"{AS}/authorize?state=s")
        browser.submit(f"{OTHER}/login", "POST", [])

    posted = sent_by(lambda _request: PAGE, act)[-1]
    assert (posted.header("Origin"), posted.header("Referer")) == (AS, f"{AS}/")
    assert site(posted) == "cross-site"


def test_a_script_asks_by_itself_and_leaves_the_browser_where_it_is() -> None:
    def act(browser: Browser) -> None:
        browser.get(f"{AS}/login")
        browser.submit_json(f"{AS}/api/login", [("user", "alice")])
        browser.submit(f"{AS}/go-on", "POST", [])

    _, script, form = sent_by(lambda _request: PAGE, act)
    assert (script.header("Sec-Fetch-Mode"), script.header("Sec-Fetch-Dest")) == ("cors", "empty")
    assert script.header("Sec-Fetch-User") is None
    assert script.header("Content-Type") == "application/json"
    assert form.header("Referer") == f"{AS}/login"


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [(301, "GET", b""), (302, "GET", b""), (303, "GET", b""),
     (307, "POST", b"user=alice"), (308, "POST", b"user=alice")],
)  # fmt: skip
def test_what_a_redirect_does_to_a_form(status: int, method: str, body: bytes) -> None:
    def answer(request: Request) -> Response:
        moved = Response(status, (("Location", f"{OTHER}/next"),))
        return moved if request.url.endswith("/login") else PAGE

    last = sent_by(answer, sign_in)[-1]
    assert (last.method, last.url, last.body) == (method, f"{OTHER}/next", body)
    assert last.header("Content-Type") == (FORM if body else None)
    assert last.header("Origin") == (AS if body else None)
    assert site(last) == "cross-site"


def asked(url: str, page: str, policy: str, *before: str) -> tuple[str | None, str | None]:
    headers = dict(headers_of("POST", (*before, url), Initiator(page, policy), FORM))
    return headers.get("Origin"), headers.get("Referer")


USUAL = "strict-origin-when-cross-origin"


@pytest.mark.parametrize(
    ("policy", "here", "there"),
    [
        (USUAL, (AS, f"{AS}/p?q=1"), (AS, f"{AS}/")),
        ("no-referrer", ("null", None), ("null", None)),
        ("same-origin", (AS, f"{AS}/p?q=1"), ("null", None)),
        ("origin", (AS, f"{AS}/"), (AS, f"{AS}/")),
        ("strict-origin", (AS, f"{AS}/"), (AS, f"{AS}/")),
        ("origin-when-cross-origin", (AS, f"{AS}/p?q=1"), (AS, f"{AS}/")),
        ("no-referrer-when-downgrade", (AS, f"{AS}/p?q=1"), (AS, f"{AS}/p?q=1")),
        ("unsafe-url", (AS, f"{AS}/p?q=1"), (AS, f"{AS}/p?q=1")),
    ],
)
def test_a_page_says_how_much_of_its_address_is_told(
    policy: str, here: tuple[str | None, str | None], there: tuple[str | None, str | None]
) -> None:
    page = f"{AS}/p?q=1#part"
    assert asked(f"{AS}/login", page, policy) == here
    assert asked(f"{OTHER}/login", page, policy) == there


def test_what_is_encrypted_is_not_told_in_the_clear() -> None:
    assert asked("http://as.example/x", f"{AS}/p", USUAL) == ("null", None)
    assert asked("http://127.0.0.1:8080/x", f"{AS}/p", USUAL) == (AS, f"{AS}/")


def test_a_form_that_was_crossed_comes_from_nobody() -> None:
    origin, _ = asked(f"{AS}/login", f"{AS}/p", USUAL, f"{AS}/a", f"{OTHER}/b")
    assert origin == "null"


@pytest.mark.parametrize(
    ("values", "policy"),
    [((), USUAL), (("no-referrer",), "no-referrer"), (("", "odd"), USUAL),
     (("no-referrer, same-origin",), "same-origin"), (("Origin", "new-word"), "origin")],
)  # fmt: skip
def test_the_last_policy_that_is_known_counts(values: tuple[str, ...], policy: str) -> None:
    answer = Response(200, tuple(("Referrer-Policy", value) for value in values))
    assert Initiator.on(f"{AS}/p", answer).policy == policy


@pytest.mark.parametrize(
    ("page", "url", "expected"),
    [
        (f"{AS}/p", f"{AS}/x", "same-origin"),
        (f"{AS}/p", "https://www.as.example/x", "same-site"),
        (f"{AS}/p", "https://as.example:8443/x", "same-site"),
        ("http://127.0.0.1:1/p", "http://127.0.0.1:2/x", "same-site"),
        ("http://10.0.0.1/p", "http://127.0.0.1/x", "cross-site"),
        ("http://localhost:1/p", "https://localhost/x", "cross-site"),
        (f"{AS}/p", "http://as.example/x", None),
        ("", f"{AS}/x", "none"),
    ],
)
def test_how_near_a_page_is(page: str, url: str, expected: str | None) -> None:
    assert dict(headers_of("GET", (url,), Initiator(page))).get("Sec-Fetch-Site") == expected


@pytest.mark.parametrize("odd", ["http://localhost:3000x/cb", "http://[", "https://h:99999/"])
def test_an_address_that_is_none_is_nobodys_and_breaks_nothing(odd: str) -> None:
    assert origin(odd) == odd
    assert not is_loopback("http://[")
