"""The pages a user sees, as plain HTML forms. Every value is escaped."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from html import escape
from http.cookies import CookieError, SimpleCookie

from tokenspec.reference_server.core import Core
from tokenspec.reference_server.messages import Headers, Request, Response
from tokenspec.reference_server.seams import Seam, seam

CSRF_COOKIE = "csrf"
PAGE: Seam[Response, str] = seam(
    "page", "a page for a user; about the token of its form, empty where it has none"
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


def logout_page(action: str, csrf: str) -> bytes:
    """A form that asks whether the user wants to be signed out."""
    body = f"""<form method="post" action="{escape(action)}">
<input type="hidden" name="csrf" value="{escape(csrf)}">
<button type="submit">Sign out</button>
</form>"""
    return _FRAME.format(title="Sign out", body=body).encode()


def signed_out_page() -> bytes:
    """What a user sees who has been signed out."""
    return _FRAME.format(title="Signed out", body="<p>You are signed out.</p>").encode()


def error_page(text: str) -> bytes:
    """What a user sees where nothing may be redirected."""
    return _FRAME.format(title="Error", body=f"<p>{escape(text)}</p>").encode()


def page(core: Core, status: int, body: bytes, csrf: str = "") -> Response:
    """A page with what a browser has to know about it (RFC 9700 §4.2.4, §4.16)."""
    headers: Headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Frame-Options", "DENY"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    )
    if csrf:
        headers = (*headers, ("Set-Cookie", f"{CSRF_COOKIE}={csrf}; Path=/; HttpOnly"))
    return core.tell(PAGE, Response(status, headers, body), csrf)


def csrf_of(core: Core, request: Request) -> str:
    """The token that this browser's forms carry; a new one where it has none."""
    return cookies(request).get(CSRF_COOKIE) or core.random_text()


def csrf_agrees(request: Request, form: Mapping[str, str]) -> bool:
    """Whether a form comes of a page that was shown to this browser."""
    kept = cookies(request).get(CSRF_COOKIE, "")
    return bool(kept) and hmac.compare_digest(kept.encode(), form.get("csrf", "").encode())


def cookies(request: Request) -> dict[str, str]:
    """The cookies of a request; none where they cannot be read."""
    try:
        return {name: m.value for name, m in SimpleCookie(request.header("Cookie")).items()}
    except CookieError:
        return {}
