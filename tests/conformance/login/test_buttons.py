"""Which button of a page is pressed, and which boxes are ticked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tokenspec.conformance.cli import main
from tokenspec.conformance.login.pages import (
    accepting_button,
    agreed,
    filled,
    read_page,
    sign_in_button,
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
