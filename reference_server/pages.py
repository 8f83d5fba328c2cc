"""The pages a user sees, as plain HTML forms. Every value is escaped."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from tokenspec.reference_server.guarding import behaviour
from tokenspec.reference_server.messages import Headers, Response

if TYPE_CHECKING:
    from tokenspec.reference_server.server import Server

CSRF_COOKIE = "csrf"
SEE_OTHER = 303
NOT_FRAMED = behaviour(
    "pages.not_framed", "RFC9700-4.16-clickjacking", "no foreign site may frame a page"
)
OPENID_NOT_FRAMED = behaviour(
    "page.not_framed", "OIDCC-3.1.2.3-csrf_clickjacking", "no page of another site frames a page"
)
POLICY = behaviour(
    "pages.frame_ancestors", "RFC9700-4.16-csp", "a Content-Security-Policy forbids framing"
)
OWN_CONTENT = behaviour(
    "pages.own_content",
    "RFC9700-4.2.4-no_third_party_content",
    "a page loads nothing from elsewhere",
)
NOT_SENT_ON = behaviour(
    "pages.password_not_sent_on",
    "RFC9700-4.12-no_307",
    "what was typed in is not sent on by status 307",
)
ANSWERED_303 = behaviour(
    "pages.answered_303", "RFC9700-4.12-use_303", "a form is answered with status 303"
)
ERROR_TOLD = behaviour(
    "pages.error_told",
    "RFC6749-3.1.2.4-invalid_redirect_inform",
    "an error page says something",
)

_FRAME = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<h1>{title}</h1>
{body}
</html>
"""


def login_page(action: str, csrf: str, *, failed: bool = False) -> bytes:
    """A form for username and password, posted to `action`."""
    told = "<p>Wrong username or password.</p>" if failed else ""
    body = f"""{told}<form method="post" action="{escape(action)}">
<input type="hidden" name="csrf" value="{escape(csrf)}">
<label>Username <input name="username" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button type="submit">Sign in</button>
</form>"""
    return _FRAME.format(title="Sign in", body=body).encode()


def consent_page(action: str, csrf: str, client_id: str, scope: str) -> bytes:
    """A form that asks whether a client may have what it asks for."""
    body = f"""<p>{escape(client_id)} asks for: {escape(scope)}</p>
<form method="post" action="{escape(action)}">
<input type="hidden" name="csrf" value="{escape(csrf)}">
<button type="submit" name="decision" value="deny">Deny</button>
<button type="submit" name="decision" value="accept">Accept</button>
</form>"""
    return _FRAME.format(title="Consent", body=body).encode()


def error_page(text: str) -> bytes:
    """What a user sees where nothing may be redirected."""
    return _FRAME.format(title="Error", body=f"<p>{escape(text)}</p>").encode()


def page(server: Server, status: int, body: bytes, csrf: str = "") -> Response:
    """A page with what a browser has to know about it."""
    headers: Headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
    )
    if server.behaves(NOT_FRAMED) and server.behaves(OPENID_NOT_FRAMED):
        headers = (*headers, ("X-Frame-Options", "DENY"))
        if server.behaves(POLICY):
            policy = "default-src 'none'; frame-ancestors 'none'"
            headers = (*headers, ("Content-Security-Policy", policy))
    if csrf:
        headers = (*headers, ("Set-Cookie", f"{CSRF_COOKIE}={csrf}; Path=/; HttpOnly"))
    if not csrf and not server.behaves(ERROR_TOLD):
        body = b""
    if not server.behaves(OWN_CONTENT):
        body += b'<img src="https://tracker.example/pixel.png">'
    return Response(status, headers, body)


def answer_to_password(server: Server, response: Response) -> Response:
    """The answer to a form with a password, which is never to be sent on by the browser."""
    if response.status == SEE_OTHER and not server.behaves(NOT_SENT_ON):
        return replace(response, status=307)
    if response.status == SEE_OTHER and not server.behaves(ANSWERED_303):
        return replace(response, status=302)
    return response
