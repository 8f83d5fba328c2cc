"""The logout endpoint, as a browser meets it and as a client calls it."""

from __future__ import annotations

import pytest
from test_authorize import CONFIG, ISSUER, Browser

from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.endpoints.documents import metadata

LOGOUT = f"{ISSUER}/oidc/logout"


def test_a_user_is_asked_and_then_signed_out() -> None:
    browser = Browser()
    browser.sign_in()
    page = browser.send("GET", LOGOUT)
    assert (page.status, b"Sign out" in page.body) == (200, True)
    assert b"Username" not in browser.authorize().body
    browser.submit(page)
    assert b"Username" in browser.authorize().body


def test_a_form_of_another_page_signs_nobody_out() -> None:
    browser = Browser()
    browser.sign_in()
    browser.send("POST", LOGOUT, {"csrf": "made up"})
    assert b"Username" not in browser.authorize().body


@pytest.mark.parametrize("hint", ["", "id_token_hint=x.y.z&"])
def test_nobody_is_sent_to_an_address_that_is_not_registered(hint: str) -> None:
    asked = Request("GET", f"{LOGOUT}?{hint}post_logout_redirect_uri=https://elsewhere.example/")
    refused = Server(CONFIG).handle(asked)
    assert refused.status == 400
    assert refused.refusal
    assert refused.refusal.guard == "logout.address_registered"
    assert _location(Server(CONFIG, defects=("logout.address_registered",)).handle(asked))


def test_the_metadata_says_where_it_is() -> None:
    assert metadata(Server(CONFIG).core)["end_session_endpoint"] == LOGOUT


def _location(response: Response) -> str:
    return next(value for name, value in response.headers if name == "Location")
