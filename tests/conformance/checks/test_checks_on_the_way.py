"""Checks of what a browser meets on the way to a code: pages, redirects, codes."""

from __future__ import annotations

import base64
import math
from dataclasses import replace
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenspec.conformance.checks import CHECKS, CheckContext
from tokenspec.conformance.checks.randomness import room, room_of_all
from tokenspec.conformance.http import Exchange, Request, Response
from tokenspec.conformance.login.model import AuthorizationResult, Ending
from tokenspec.conformance.login.pages import denying_button, read_page
from tokenspec.conformance.oauth.keys import base64url
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.scenario.model import Answer, Setting, Step, StepKind
from tokenspec.conformance.target.model import Client
from tokenspec.conformance.target.redirects import on_the_web, registered

ISSUER, CALLBACK = "https://as.example", "https://app.example/callback"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
LOGIN = (
    '<form method="post" action="/login"><input name="u"><input type="password" name="p"></form>'
)


def problems(name: str, played: Played, *earlier: Played, **metadata: object) -> list[str]:
    transcript = Transcript(Setting(), "app", ISSUER, (*earlier, played))
    return list(CHECKS[name].look(played, transcript, CheckContext(ISSUER, metadata)) or ())


def callback(
    location: str = CALLBACK + "?code=c", name: str = "authorize", **received: str
) -> Played:
    result = AuthorizationResult(Ending.CALLBACK, 0, location, received)
    sent = {"code_challenge": (CHALLENGE,), "response_type": ("code",)}
    step = Step(StepKind.AUTHORIZE, name)
    answer = Answer.REFUSED if "error" in received else Answer.GRANTED
    return Played(step, answer, received=received, authorization=result, sent=sent)


def browsed(*exchanges: Exchange) -> Played:
    return Played(Step(StepKind.AUTHORIZE, "authorize"), Answer.GRANTED, exchanges=exchanges)


def page(body: str = LOGIN, **headers: str) -> Exchange:
    shown = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    response = Response(200, (("Content-Type", "text/html"), *shown), body.encode())
    return Exchange(Request("GET", f"{ISSUER}/authorize"), response)


def posted(status: int) -> Exchange:
    return Exchange(Request("POST", f"{ISSUER}/login", (), b"p=x"), Response(status))


CONSENT = '<form method="post"><button name="action" value="grant">Authorize</button></form>'


@pytest.mark.parametrize(
    ("body", "told"),
    [(CONSENT, ["the page asks for consent, not for a login"]), (LOGIN, []), ("<p>Error</p>", [])],
)
def test_a_page_of_consent_is_told_from_a_login(body: str, told: list[str]) -> None:
    """A server that asks for consent each time need not look at the age of a login."""
    assert problems("page-asks-no-consent", browsed(page(body))) == told


@pytest.mark.parametrize(
    ("headers", "open_to_all", "without_policy"),
    [
        ({}, True, True),
        ({"X_Frame_Options": "DENY"}, False, True),
        ({"X_Frame_Options": "ALLOWALL"}, True, True),
        ({"Content_Security_Policy": "default-src *; frame-ancestors 'none'"}, False, False),
        ({"Content_Security_Policy": "frame-ancestors *"}, True, True),
        ({"Content_Security_Policy": "default-src 'none'"}, True, True),
    ],
)
def test_who_may_frame_a_page(
    headers: dict[str, str], *, open_to_all: bool, without_policy: bool
) -> None:
    shown = browsed(page(**headers))
    assert bool(problems("pages-framing-forbidden", shown)) is open_to_all
    assert bool(problems("pages-frame-ancestors", shown)) is without_policy
    assert not problems("pages-framing-forbidden", browsed(page("<p>no form</p>")))


def test_what_a_page_loads() -> None:
    own = '<img src="/logo.png"><link href="https://cdn.as.example/x.css"><a href="#top">up</a>'
    assert not problems("pages-own-content", browsed(page(LOGIN + own)))
    foreign = LOGIN + '<script src="https://tracker.example/t.js"></script>'
    assert problems("pages-own-content", browsed(page(foreign)))


@pytest.mark.parametrize(
    ("status", "sent_on", "not_303"), [(303, False, False), (302, False, True), (307, True, True)]
)
def test_how_a_form_with_a_password_is_answered(
    status: int, *, sent_on: bool, not_303: bool
) -> None:
    shown = browsed(page(), posted(status))
    assert bool(problems("password-not-sent-on", shown)) is sent_on
    assert bool(problems("password-answered-303", shown)) is not_303
    assert not problems("password-not-sent-on", browsed(posted(307)))  # no such form was seen


def test_an_error_page_says_something() -> None:
    def shown(status: int, text: str) -> Played:
        result = AuthorizationResult(Ending.ERROR_PAGE, status, page=text)
        return Played(
            Step(StepKind.AUTHORIZE, "authorize"), Answer.ERROR_PAGE, authorization=result
        )

    assert not problems("error-page-tells", shown(400, "<p>Unknown address.</p>"))
    assert problems("error-page-tells", shown(400, "<html><style>p{}</style></html>"))
    assert not problems("error-page-tells", shown(400, "<script>tell()</script>"))  # it may
    assert not problems("error-page-status", shown(400, "<p>Oops</p>"))
    assert problems("error-page-status", shown(200, "<p>Oops</p>"))


@pytest.mark.parametrize(
    ("location", "wrong"),
    [
        (CALLBACK + "?code=c", False),
        (CALLBACK + "?code=c#_=_", False),
        (CALLBACK + "?code=c#end", False),  # RFC 9700 §4.1.3: an arbitrary one
        (CALLBACK + "#code=c", True),
        (CALLBACK + "?code=c#access_token=t", True),
        (CALLBACK + "?state=s", True),
    ],
)
def test_where_the_answer_stands(location: str, *, wrong: bool) -> None:
    assert bool(problems("response-in-query", callback(location))) is wrong
    refused = callback(location.replace("code", "error"), error="access_denied")
    assert bool(problems("error-in-query", refused)) is wrong


def test_what_a_request_put_into_the_fragment_is_no_answer() -> None:
    own, seen = f"{CALLBACK}#code=mine", callback(f"{CALLBACK}?code=c#code=mine")
    asked = replace(seen, sent=dict(seen.sent) | {"redirect_uri": (own,)})
    assert not problems("response-in-query", asked)
    assert problems("response-in-query", seen)


def test_a_challenge_is_found_wherever_it_can_be_read() -> None:
    hidden = base64.urlsafe_b64encode(f'{{"c":"{CHALLENGE}"}}'.encode()).decode().rstrip("=")
    assert not problems("challenge-not-exposed", callback(code="opaque", state="s"))
    assert problems("challenge-not-exposed", callback(code=CHALLENGE))
    assert problems("challenge-not-exposed", callback(code=f"head.{hidden}.tail"))


def test_the_issuer_of_an_answer() -> None:
    true = callback(iss=ISSUER)
    name = "authorization_response_iss_parameter_supported"
    assert not problems("iss-is-url", true)
    assert problems("iss-is-url", callback(iss=ISSUER + "?x=1"))
    assert problems("iss-is-url", callback(iss="http://as.example"))
    assert not problems("iss-is-metadata-issuer", true, issuer=ISSUER)
    assert problems("iss-is-metadata-issuer", true, issuer=ISSUER + "/")
    assert not problems("iss-advertised", true, **{name: True})
    assert problems("iss-advertised", true)
    assert not problems("iss-advertised", callback(code="c"))


def test_a_refusal_says_that_it_is_about_the_challenge() -> None:
    told = callback(error="invalid_request", error_description="PKCE code_challenge is required")
    assert not problems("error-explains-challenge", told)
    assert problems("error-explains-challenge", callback(error="invalid_request"))


@given(st.text("0123456789abcdef", min_size=1, max_size=80))
def test_the_room_of_a_text_grows_with_it(text: str) -> None:
    assert room(text) < room(text + "0")
    assert room(text) <= 4.1 * len(text)  # 16 digits and the hyphen of a UUID


def test_a_code_has_room_and_is_new() -> None:
    assert problems("unguessable-128", callback(code="12345678"))
    assert not problems("unguessable-128", callback(code="a" * 22 + "-Z0"))
    assert problems("unguessable-160", callback(code="a" * 22 + "-Z"))
    first, second = callback(code="x" * 30 + "1"), callback(name="authorize-2", code="x" * 30 + "2")
    assert problems("code-is-new", second, first)
    assert not problems("code-is-new", callback(name="authorize-2", code="y" * 31), first)


@pytest.mark.parametrize(
    ("texts", "bits"),
    [
        (["ac_0", "ac_1"], math.log2(10)),  # what is the same in all holds nothing
        (["0-a", "1-b"], 2 * 4),
        (["ac_1", "ac_23"], 1.5 * math.log2(10)),  # of two lengths the beginning alone is left out
        (["same", "same"], 0),
    ],
)
def test_what_is_the_same_in_all_codes_holds_no_randomness(texts: list[str], bits: float) -> None:
    assert room_of_all(texts) == pytest.approx(bits)


def test_a_uuid_is_too_easy_to_guess_and_128_bits_are_not() -> None:
    """RFC 6749 §10.10: 2^-128; a UUID has 122 random bits (RFC 9562 §5.4)."""

    def last_of(codes: list[str]) -> list[str]:
        played = [callback(name=f"authorize-{n}", code=code) for n, code in enumerate(codes)]
        return problems("codes-unguessable-128", played[-1], *played[:-1])

    random = Random(7)
    bits = [random.randbytes(16) for _ in range(8)]
    assert last_of([str(UUID(bytes=drawn, version=4)) for drawn in bits])
    assert not last_of([str(UUID(bytes=drawn, version=4)) for drawn in bits[:7]])  # too few to say
    assert not last_of([drawn.hex() for drawn in bits])
    assert not last_of([base64url(drawn) for drawn in bits])


def test_the_button_that_says_no() -> None:
    asked = (
        '<form method="post"><button name="d" value="deny">No</button><button>Allow</button></form>'
    )
    button = denying_button(read_page(ISSUER, asked).forms[0])
    assert button is not None
    assert button.value == "deny"
    assert denying_button(read_page(ISSUER, LOGIN).forms[0]) is None


@pytest.mark.parametrize(
    ("which", "found"),
    [
        ("first", CALLBACK),
        ("other", "http://127.0.0.1/cb"),
        ("loopback", "http://127.0.0.1/cb"),
        ("loopback-ipv6", "http://[::1]/cb"),
        ("localhost", "http://localhost/cb"),
        ("private-scheme", "com.example.app:/cb"),
        ("with-query", "https://app.example/q?a=1"),
        ("of-second", "https://second.example/cb"),
    ],
)
def test_redirect_uris_by_what_makes_them_special(which: str, found: str) -> None:
    client = Client(
        "app",
        redirect_uris=(
            CALLBACK,
            "http://127.0.0.1/cb",
            "http://[::1]/cb",
            "http://localhost/cb",
            "com.example.app:/cb",
            "https://app.example/q?a=1",
        ),
    )
    second = Client("second", redirect_uris=(CALLBACK, "https://second.example/cb"))
    assert registered(which, client, second)[0] == found
    assert on_the_web(found) is found.startswith("https")
