"""A case about the form of a refusal, or of a page, says nothing where neither came.

What was granted is told by the case that asks for the refusal, once, and not as a wrong challenge
or a page without headers.
"""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.conformance.selftest.altered import Change, examined, keyed, path
from tokenspec.conformance.checks import CHECKS, CheckContext
from tokenspec.conformance.login.model import AuthorizationResult, Ending
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.scenario.model import Answer, Setting, Step, StepKind
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server import Request, Response

JSON, HTML = (("Content-Type", "application/json"),), (("Content-Type", "text/html"),)
TOKENS = {"access_token": "as-good-as-any", "token_type": "Bearer", "expires_in": 3600}
FORM = b'<form method="post"><input name="username"><input type="password" name="password"></form>'
ADDRESS = "https://client.example/callback"


def asked(request: Request, name: str) -> str:
    values = parse_qs(urlsplit(request.url).query).get(name, [""])
    return values[-1]


def opens_to_all(request: Request, response: Response) -> Response:
    """Userinfo and the token endpoint grant what they refuse with 401."""
    members = {"/userinfo": {"sub": "johndoe"}, "/oauth/token": TOKENS}.get(path(request))
    if members is None or response.status != 401:
        return response
    return Response(200, JSON, json.dumps(members).encode())


def asks_nobody(request: Request, response: Response) -> Response:
    """The authorization endpoint grants at once, and sends everybody to wherever they like."""
    if path(request) != "/authorize" or request.method != "GET":
        return response
    answer = urlencode({"code": "granted", "state": asked(request, "state")})
    return Response(303, (("Location", f"{asked(request, 'redirect_uri')}?{answer}"),))


def shows_a_page_first(request: Request, response: Response) -> Response:
    """Whoever is wrong is asked to sign in first, and `prompt` is not known."""
    wrong = path(request) == "/authorize" and response.status == 400
    return replace(response, status=200, headers=HTML, body=FORM) if wrong else response


@pytest.mark.parametrize(
    ("change", "told", "form"),
    [
        (opens_to_all, "userinfo/made-up-token", "bearer-challenge/characters"),
        (opens_to_all, "userinfo/made-up-token", "bearer-challenge/no-error-without-token"),
        (opens_to_all, "userinfo/made-up-token", "userinfo-wrong-token/made-up-named"),
        (opens_to_all, "userinfo/made-up-token", "cors/userinfo-error"),
        (opens_to_all, "client-secret-basic/wrong-secret", "client-secret-basic/status"),
        (opens_to_all, "client-secret-basic/wrong-secret", "client-secret-basic/challenge"),
        (asks_nobody, "authorization-without-a-user/page-shown", "login-page/not-framed"),
        (asks_nobody, "redirect-uri-at-authorize/other-host", "redirect-uri-shown/state"),
    ],
)
def test_it_is_told_once(change: Change, told: str, form: str) -> None:
    verdicts = {one.key: one.verdict for one in examined(change, keyed(told, form))}
    assert verdicts[told] is Verdict.FAIL
    assert verdicts[form] in {Verdict.OBSERVE, Verdict.COULD_NOT_RUN}


def test_a_page_before_all_else_leads_nowhere() -> None:
    """RFC 9700 §4.11.2 forbids to redirect; where `prompt` is not known, a page may come first."""
    [finding] = examined(
        shows_a_page_first, keyed("redirect-uri-wrong-beats-others/with-prompt-none")
    )
    assert finding.verdict is Verdict.PASS


def knows_no_prompt(request: Request, response: Response) -> Response:
    """A silent request gets the login page, and nobody is ever kept signed in."""
    silent = path(request) == "/authorize" and asked(request, "prompt") == "none"
    return Response(200, HTML, FORM) if silent else response


def refuses_on_a_page(request: Request, response: Response) -> Response:
    """An authorization request without the scope openid gets an error page."""
    plain = path(request) == "/authorize" and "openid" not in asked(request, "scope").split()
    return Response(400, HTML, b"<p>openid is needed</p>") if plain else response


@pytest.mark.parametrize(
    ("change", "key", "verdict"),
    [
        (knows_no_prompt, "silent-authentication-no-session/no-page", Verdict.FAIL),
        (knows_no_prompt, "silent-authentication-no-session/state-comes-back", Verdict.OBSERVE),
        (knows_no_prompt, "silent-authentication/with-session-wrong-verifier", Verdict.OBSERVE),
        (refuses_on_a_page, "scope-words/openid-in-capitals", Verdict.PASS),
        (refuses_on_a_page, "scope-granted/no-scope", Verdict.WARN),
    ],
)
def test_what_never_came_to_it_is_not_told_of(change: Change, key: str, verdict: Verdict) -> None:
    """What the case is about (a code, an error) did not come, or the request was refused."""
    [finding] = examined(change, keyed(key))
    assert finding.verdict is verdict


@pytest.mark.parametrize(
    ("sent", "location", "wrong"),
    [
        (ADDRESS + "#code=x", ADDRESS + "?code=c&state=s#code=x", False),  # told by its own case
        (ADDRESS, ADDRESS + "?code=c&state=s#code=x", True),
        (ADDRESS + "#code=x", ADDRESS + "?code=c&state=s#state=x", True),
    ],
)
def test_what_stood_behind_the_address_is_no_answer(
    sent: str, location: str, *, wrong: bool
) -> None:
    """An address with a fragment is refused or not; that it came back is not told besides."""
    repeated = tuple(parse_qs(urlsplit(location).fragment))
    result = AuthorizationResult(
        Ending.CALLBACK, 303, location, {"code": "c", "state": "s"}, repeated
    )
    played = Played(
        Step(StepKind.AUTHORIZE, "authorize"),
        Answer.GRANTED,
        sent={"response_type": ("code",), "redirect_uri": (sent,)},
        received=result.parameters,
        authorization=result,
    )
    transcript = Transcript(Setting(), "app", "https://as.example", (played,))
    for name in ("response-in-query", "callback-parameters-once"):
        assert bool([*(CHECKS[name].look(played, transcript, CheckContext("", {})) or ())]) is wrong
