"""Pushed authorization requests: the client's push, and the browser that refers to it."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from test_authorize import ISSUER, REQUEST, Browser, answer

from tokenspec.reference_server import Request, Response

FORM = ("Content-Type", "application/x-www-form-urlencoded")


class Pushing(Browser):
    """A browser whose client pushes what it asks for."""

    def push(self, **changes: str) -> Response:
        """What the client itself asks for."""
        return self.post(f"{ISSUER}/oauth/par", REQUEST | changes)

    def post(self, url: str, form: dict[str, str]) -> Response:
        """A form of the client, without a cookie."""
        return self.server.handle(Request("POST", url, (FORM,), urlencode(form).encode()))

    def refer(self, request_uri: str, **beside: str) -> Response:
        """What the browser is sent with."""
        sent = {"client_id": "app", "request_uri": request_uri} | beside
        return self.send("GET", f"{ISSUER}/authorize?{urlencode(sent)}")


def test_a_pushed_request_leads_through_the_pages_to_a_code() -> None:
    browser = Pushing()
    pushed = browser.push()
    told = json.loads(pushed.body)
    assert (pushed.status, told["expires_in"]) == (201, 300)
    page = browser.refer(told["request_uri"], state="another")
    consent = browser.submit(page, username="alice", password="wonderland")
    assert answer(browser.submit(consent, decision="accept"))["state"] == REQUEST["state"]
    assert browser.refer(told["request_uri"]).status == 400


@pytest.mark.parametrize(
    ("changes", "guard"),
    [
        ({"request_uri": "urn:x"}, "par.no_request_uri"),
        ({"redirect_uri": "https://elsewhere.example/"}, "authorize.redirect_uri_registered"),
        ({"response_type": "token"}, "authorize.response_type_known"),
        ({"client_id": "nobody"}, "client.known"),
    ],
)
def test_what_may_not_be_asked_for_is_refused_at_once(changes: dict[str, str], guard: str) -> None:
    refused = Pushing().push(**changes)
    assert refused.refusal
    assert refused.refusal.guard == guard
    assert json.loads(refused.body)["error"]
