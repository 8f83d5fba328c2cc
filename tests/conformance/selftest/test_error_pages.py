"""An error page is one whatever its shape and status: a redirect accuses, a page does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.conformance.selftest.altered import Change, accused, examined, keyed, of_areas, path
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server import Request, Response

HTML, JSON, TEXT = "text/html; charset=utf-8", "application/json", "text/plain; charset=utf-8"
SCRIPT = b'<!doctype html><div id="root"></div><script src="/static/app.js"></script>'
LINKS = (
    b'<!doctype html><h1>Something went wrong</h1><form action="/search"><input name="q" type='
    b'"search"></form><a href="/">Home</a>'
)
SHAPES = {
    "own": (None, HTML),
    "script": (SCRIPT, HTML),
    "captcha-script": (SCRIPT + b'<script src="/recaptcha.js" class="captcha"></script>', HTML),
    "search": (LINKS, HTML),
    "json": (b'{"error":"invalid_request","error_description":"unknown address"}', JSON),
    "text": (b"unknown address", TEXT),
}


def shown(status: int, shape: str, *, one_page_on: bool = False) -> Change:
    """Error pages of the authorization endpoint in this shape, with this status."""
    body, media_type = SHAPES[shape]

    def change(request: Request, response: Response) -> Response:
        if path(request) == "/error":
            return Response(status, (("Content-Type", media_type),), body or b"wrong")
        if path(request) != "/authorize" or response.status != 400:
            return response
        if one_page_on:
            return Response(303, (("Location", "/error?code=17"),), b"")
        headers = tuple(pair for pair in response.headers if pair[0] != "Content-Type")
        own = response.body if body is None else body
        return replace(
            response, status=status, headers=(*headers, ("Content-Type", media_type)), body=own
        )

    return change


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("status", [200, 400])
def test_no_shape_is_accused(shape: str, status: int) -> None:
    chosen = of_areas("redirect_uri", "authorization", "silent_auth", "pkce")
    assert not accused(examined(shown(status, shape), chosen))


@pytest.mark.parametrize("shape", ["own", "script", "json"])
def test_nor_is_one_that_a_redirect_of_the_server_leads_to(shape: str) -> None:
    chosen = of_areas("redirect_uri")
    assert not accused(examined(shown(200, shape, one_page_on=True), chosen))


def test_the_status_is_observed() -> None:
    key = "redirect-uri-wrong-is-told/error-page"
    (finding,) = examined(shown(200, "own"), keyed(key))
    assert (finding.verdict, finding.note) == (
        Verdict.OBSERVE,
        "the page has the status of a success",
    )


def test_a_redirect_away_is_accused_all_the_same() -> None:
    def away(request: Request, response: Response) -> Response:
        if path(request) != "/authorize" or response.status != 400:
            return response
        return Response(302, (("Location", "https://attacker.example/?error=x"),), b"")

    key = "redirect-uri-wrong-beats-others/with-bad-scope"
    (finding,) = examined(away, keyed(key))
    assert (finding.verdict, finding.kind) == (Verdict.FAIL, "leak")
