"""The authorization endpoint as a browser meets it."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tokenspec.reference_server import Client, Request, Response, Server, ServerConfig, User

ISSUER = "https://as.example"
CALLBACK = "https://app.example/callback?tenant=1"
CONFIG = ServerConfig(
    issuer=ISSUER,
    clients=(Client("app", redirect_uris=(CALLBACK,)),),
    users=(User("alice", "wonderland", sub="u1"),),
)
REQUEST = {
    "response_type": "code",
    "client_id": "app",
    "redirect_uri": CALLBACK,
    "scope": "openid",
    "state": 'a"<b>&',
    "code_challenge": "c" * 43,
    "code_challenge_method": "S256",
}


class Browser:
    """Keeps cookies and fills in forms."""

    def __init__(self, *defects: str) -> None:
        self.server = Server(CONFIG, defects=defects)
        self.cookies: dict[str, str] = {}

    def send(self, method: str, url: str, form: dict[str, str] | None = None) -> Response:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = urlencode(form or {}).encode()
        response = self.server.handle(Request(method, url, (("Cookie", cookie),), body))
        for name, value in response.headers:
            if name == "Set-Cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.split(";")[0]
        return response

    def authorize(self, **changes: str) -> Response:
        return self.send("GET", f"{ISSUER}/authorize?{urlencode(REQUEST | changes)}")

    def submit(self, page: Response, **fields: str) -> Response:
        text = page.body.decode()
        action = re.search(r'action="([^"]*)"', text)
        csrf = re.search(r'name="csrf" value="([^"]*)"', text)
        assert action
        assert csrf
        return self.send("POST", unescape(action[1]), {"csrf": csrf[1]} | fields)

    def sign_in(self, **changes: str) -> Response:
        page = self.authorize(**changes)
        consent = self.submit(page, username="alice", password="wonderland")
        return self.submit(consent, decision="accept")


def answer(response: Response) -> dict[str, str]:
    assert response.status == 303
    location = dict(response.headers)["Location"]
    assert location.startswith(CALLBACK + "&")
    return dict(parse_qsl(urlsplit(location).query))


def test_sign_in_consent_and_back_with_code_state_and_issuer() -> None:
    found = answer(Browser().sign_in())
    assert found["code"]
    assert found["state"] == REQUEST["state"]
    assert found["iss"] == ISSUER
    assert found["tenant"] == "1"


def test_a_session_and_a_consent_are_remembered() -> None:
    browser = Browser()
    first, second = answer(browser.sign_in()), answer(browser.authorize())
    assert second["code"] != first["code"]


def test_a_wrong_password_shows_the_form_again() -> None:
    browser = Browser()
    page = browser.submit(browser.authorize(), username="alice", password="x")
    assert page.status == 200
    assert b"Wrong username or password" in page.body


def test_a_forged_form_is_not_accepted() -> None:
    browser = Browser()
    page = browser.authorize()
    browser.cookies["csrf"] = "another"
    again = browser.submit(page, username="alice", password="wonderland")
    assert "session" not in browser.cookies
    assert b"<form" in again.body


def test_denied_consent_is_told_to_the_client() -> None:
    browser = Browser()
    consent = browser.submit(browser.authorize(), username="alice", password="wonderland")
    assert answer(browser.submit(consent, decision="deny"))["error"] == "access_denied"


def test_silent_authentication_answers_by_redirects_alone() -> None:
    browser = Browser()
    assert answer(browser.authorize(prompt="none"))["error"] == "login_required"
    browser.sign_in()
    assert answer(browser.authorize(prompt="none"))["code"]
    wider = answer(browser.authorize(prompt="none", scope="openid email"))
    assert wider["error"] == "consent_required"
    assert wider["state"] == REQUEST["state"]
    assert wider["iss"] == ISSUER


@pytest.mark.parametrize("prompt", ["login", "consent"])
def test_prompt_asks_again_once(prompt: str) -> None:
    browser = Browser()
    browser.sign_in()
    page = browser.authorize(prompt=prompt)
    assert page.status == 200
    done = (
        browser.submit(page, decision="accept")
        if prompt == "consent"
        else browser.submit(page, username="alice", password="wonderland")
    )
    assert answer(done)["code"]


@pytest.mark.parametrize(
    "changes", [{"client_id": "nobody"}, {"redirect_uri": "https://evil.example"}]
)
def test_nothing_wrong_is_redirected_to_an_unknown_place(changes: dict[str, str]) -> None:
    response = Browser().authorize(**changes, prompt="none", response_type="token")
    assert response.status == 400
    assert "Location" not in dict(response.headers)
    assert response.refusal


def test_what_a_page_repeats_is_escaped() -> None:
    browser = Browser()
    page = browser.submit(
        browser.authorize(scope="<script>"), username="alice", password="wonderland"
    )
    assert b"<script>" not in page.body


def test_a_server_without_its_behaviours() -> None:
    browser = Browser("authorize.silent", "authorize.state", "authorize.iss")
    assert b"<form" in browser.authorize(prompt="none").body
    assert not {"state", "iss"} & set(answer(browser.sign_in()))


def test_max_age_asks_an_old_login_to_sign_in_again() -> None:
    browser = Browser()
    browser.sign_in()
    assert answer(browser.authorize(max_age="3600"))["code"]
    for old_enough in ("3600", "9" * 5000, "x", "-1"):
        assert answer(browser.authorize(max_age=old_enough, prompt="none"))["code"]
    assert answer(browser.authorize(max_age="0", prompt="none"))["error"] == "login_required"
    done = browser.submit(browser.authorize(max_age="0"), username="alice", password="wonderland")
    assert answer(done)["code"]
    careless = Browser("authorize.max_age")
    careless.sign_in()
    assert answer(careless.authorize(max_age="0"))["code"]


def test_a_denial_is_sent_to_no_unknown_place() -> None:
    browser = Browser()
    browser.sign_in()
    page = browser.authorize(prompt="consent")
    forged = page.body.replace(b"app.example", b"evil.example")
    response = browser.submit(Response(200, (), forged), decision="deny")
    assert response.status == 400
    assert response.refusal
    assert "Location" not in dict(response.headers)


def test_an_unknown_response_mode_gets_a_page() -> None:
    response = Browser().authorize(response_mode="form_post")
    assert response.status == 400
    assert response.refusal
    assert response.refusal.guard == "authorize.response_mode_known"
    assert (
        b"Sign in"
        in Browser("authorize.response_mode_known").authorize(response_mode="form_post").body
    )


@pytest.mark.parametrize("endpoint", ["authorize", "login", "consent"])
def test_scripts_of_other_origins_have_no_business_here(endpoint: str) -> None:
    for defects, status in (((), 405), (("cors.not_at_authorize",), 204)):
        response = Browser(*defects).send("OPTIONS", f"{ISSUER}/{endpoint}")
        assert response.status == status
        assert ("Access-Control-Allow-Origin" in dict(response.headers)) is (status == 204)
