"""Which button of a page is pressed, and which boxes are ticked."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tokenspec.conformance.cli import main
from tokenspec.conformance.login.pages import (
    PageKind,
    accepting_button,
    agreed,
    filled,
    leads_away,
    named_button,
    read_page,
    sign_in_button,
    words_of,
)
from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running

ISSUER = "https://server.example"
TARGET = """\
format: 1
issuer: {issuer}
clients:
  - {{client_id: tokenspec-public, redirect_uris: ["https://client.example/callback"]}}
login: {{kind: form, username: alice, password: wonderland}}
scope: openid
"""
FIELDS = '<input name="user"><input name="password" type="password">'


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["Sign in"], "Sign in"),
        (["Sign in", "Continue with Example"], "Sign in"),
        (["Continue with Example", "Sign in"], "Sign in"),
        (["Log in using SSO", "Log in"], "Log in"),
        (["Cancel", "Anmelden"], "Anmelden"),
        (["Weiter", "Passwort vergessen"], "Weiter"),
        (["Show password", "OK"], "OK"),
        (["Sign up", "Login"], "Login"),
        (["Sign in with a passkey"], None),
    ],
)
def test_the_button_that_sends_the_fields_is_pressed(
    labels: list[str], expected: str | None
) -> None:
    buttons = "".join(f"<button name=a value=1>{label}</button>" for label in labels)
    page = f'<form method="post" action="/login">{FIELDS}{buttons}</form>'
    (read,) = read_page(ISSUER, page).forms
    button = sign_in_button(read)
    assert (button.text.strip() if button else None) == expected


def test_boxes_of_a_consent_page_are_ticked_and_of_radios_one_is_chosen() -> None:
    boxes = (
        "<input type=checkbox name=scope value=openid checked>"
        "<input type=checkbox name=scope value=email>"
        "<input type=radio name=grant value=deny><input type=radio name=grant value=allow>"
        "<input type=radio name=days value=1><input type=radio name=days value=30 checked>"
        "<button name=decision value=allow>Allow</button>"
    )
    (read,) = read_page(ISSUER, f'<form method="post" action="/consent">{boxes}</form>').forms
    sent = filled(agreed(read), {}, accepting_button(read))
    assert sent == [
        ("scope", "openid"),
        ("scope", "email"),
        ("grant", "allow"),
        ("days", "30"),
        ("decision", "allow"),
    ]


@pytest.mark.parametrize("label", ["Back", "Return to the shop", "Try again", "Log out", "Close"])
def test_a_button_that_leads_away_is_no_consent(label: str) -> None:
    token = "<input type=hidden name=csrf value=1>"
    form = f'<form method="post" action="/back">{token}<button>{label}</button></form>'
    page = read_page(ISSUER, f"<p>We do not know this application.</p>{form}")
    assert page.consent_form is None
    assert leads_away(page.forms[0])
    assert accepting_button(page.forms[0]) is None


@pytest.mark.parametrize("label", ["Weiter", "Autoriser", "Continue with this account"])
def test_a_lone_button_that_may_be_a_yes_is_one(label: str) -> None:
    page = read_page(ISSUER, f'<form method="post"><button>{label}</button></form>')
    assert page.consent_form is not None


def test_the_button_of_the_target_file_is_found_by_its_text_value_or_name() -> None:
    buttons = "<button name=a value=sso>Log  in here</button><input type=submit name=b value=Go>"
    (form,) = read_page(ISSUER, f"<form method=post>{FIELDS}{buttons}</form>").forms
    for wanted, expected in (("log in here", "a"), ("SSO", "a"), ("go", "b"), ("b", "b")):
        button = named_button(form, [wanted])
        assert button is not None
        assert button.name == expected
    assert named_button(form, ["Sign in"]) is None


@pytest.mark.parametrize(
    ("markup", "kind"),
    [
        ('<body class="no-captcha">', PageKind.LOGIN),
        ('<form data-captcha="off" hidden></form>', PageKind.LOGIN),
        ('<input type="hidden" name="captcha_enabled" value="0">', PageKind.LOGIN),
        ('<div class="g-recaptcha" data-sitekey="x"></div>', PageKind.CAPTCHA),
        ('<div class="cf-turnstile"></div>', PageKind.CAPTCHA),
        ('<script src="https://hcaptcha.example/1/api.js"></script>', PageKind.CAPTCHA),
        ('<img src="/captcha.png"><input name="captcha">', PageKind.CAPTCHA),
    ],
)
def test_the_word_captcha_is_no_captcha(markup: str, kind: PageKind) -> None:
    page = read_page(ISSUER, f'{markup}<form method="post">{FIELDS}<button>Go</button></form>')
    assert page.kind is kind
    assert page.captcha_word


def test_a_page_is_quoted_as_a_person_reads_it() -> None:
    page = (
        "<title>Oops</title><style>p > b { color: red }</style>"
        "<script>if (1 < 2) { document.write('<p>never</p>') }</script>"
        "<noscript>no script</noscript>"
        "<h1>Unknown &amp; unregistered</h1><p>client_id <b>x</b></p>"
    )
    assert words_of(page) == "Unknown & unregistered client_id x"
    assert words_of("<title>App</title><div id=root></div><script>go()</script>") == "App"


OWN = b'<button type="submit">Sign in</button>'
TWO = (
    b'<button type="submit" name="action" value="other">Continue with Example</button>'
    b'<button type="submit" name="action" value="password">Sign in</button>'
)


class TwoButtons(Server):
    """The server goes by the button that was pressed."""

    def handle(self, request: Request) -> Response:
        path = urlsplit(request.url).path
        if path == "/login" and dict(request.form).get("action") != "password":
            return Response(200, (("Content-Type", "text/html"),), b"<h1>Another provider</h1>")
        response = super().handle(request)
        return replace(response, body=response.body.replace(OWN, TWO))


def test_check_signs_in_where_another_provider_comes_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "target.yaml"
    with running(lambda issuer: TwoButtons(demo_config(issuer))) as issuer:
        target.write_text(TARGET.format(issuer=issuer), encoding="utf-8")
        assert main(["check", str(target)]) == 0, capsys.readouterr().out


class OwnPages(Server):
    """Takes forms only of its own pages, and at the address that the button names."""

    def handle(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        if request.method == "POST" and parts.path in ("/login", "/consent"):
            own = request.header("Origin") == f"{parts.scheme}://{parts.netloc}"
            came = urlsplit(request.header("Referer")).netloc == parts.netloc
            fetched = request.header("Sec-Fetch-Site") == "same-origin"
            if not (own and came and fetched and "button=this" in parts.query):
                return Response(403, (("Content-Type", "text/html"),), b"<h1>Forged</h1>")
        plain = request.url.replace("&button=this", "")
        response = super().handle(replace(request, url=plain))
        kept = [pair for pair in response.headers if pair[0] != "Referrer-Policy"]
        response = replace(response, headers=(*kept, ("Referrer-Policy", "same-origin")))
        action = re.search(rb'action="([^"]*)"', response.body)
        if action is not None:
            button = b'<button formaction="' + action[1] + b'&amp;button=this" '
            response = replace(response, body=response.body.replace(b"<button ", button))
        return response


def test_check_passes_pages_that_take_their_own_forms_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "target.yaml"
    with running(lambda issuer: OwnPages(demo_config(issuer))) as issuer:
        target.write_text(TARGET.format(issuer=issuer), encoding="utf-8")
        assert main(["check", str(target)]) == 0, capsys.readouterr().out


def test_a_button_may_lead_elsewhere_and_otherwise() -> None:
    page = (
        f'<form method="post" action="/a">{FIELDS}<button>Sign in</button>'
        '<button formaction="/b" formmethod="GET">Other</button></form>'
    )
    (read,) = read_page(f"{ISSUER}/login", page).forms
    plain, other = read.of_kind("submit")
    assert (plain.action, plain.method) == ("", "")
    assert (other.action, other.method) == (f"{ISSUER}/b", "GET")


ODD = (
    b'<button type="submit" name="action" value="other">Sign in</button>'
    b'<button type="submit" name="action" value="password">Los</button>'
)


class WellHidden(TwoButtons):
    """The button that looks right is the wrong one."""

    def handle(self, request: Request) -> Response:
        response = super().handle(request)
        return replace(response, body=response.body.replace(TWO, ODD))


def test_check_tells_what_was_pressed_and_the_file_may_say_what_to_press(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "target.yaml"
    with running(lambda issuer: WellHidden(demo_config(issuer))) as issuer:
        text = TARGET.format(issuer=issuer)
        target.write_text(text, encoding="utf-8")
        assert main(["check", str(target)]) == 6
        assert "Another provider" in capsys.readouterr().out
        text = text.replace("password: wonderland", "password: wonderland, press: [Los]")
        target.write_text(text, encoding="utf-8")
        assert main(["check", str(target)]) == 0
        assert "pressed 'Los' and 'Accept'" in capsys.readouterr().out


def test_a_page_that_asks_for_the_subject_alone_is_a_login() -> None:
    """As servers for tests have it: no password, and a button that says yes."""
    field = '<input type="text" name="sub" required><button>Authorize</button>'
    page = read_page(f"{ISSUER}/authorize", f"<form method=post>{field}</form>")
    assert page.kind is PageKind.LOGIN
