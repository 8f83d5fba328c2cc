"""Signing in through the target's own pages: fill the fields, keep the hidden ones, press yes."""

from __future__ import annotations

import re
from html import unescape

from conformance.errors import LoginBlocked
from conformance.http import Transport
from conformance.login.browse import PAGE_TEXT, Browser, Shown, origin_of
from conformance.login.cookies import CookieJar
from conformance.login.model import Ending, Landing, Session
from conformance.login.pages import (
    Control,
    Form,
    Page,
    PageKind,
    accepting_button,
    filled,
    read_page,
)
from conformance.target.model import Limits, Login

BAD_REQUEST = 400
ELSE = "use login kind 'cookie' (a stored session) or 'command' (a script of yours) instead"
BLOCKED = {
    PageKind.CAPTCHA: (
        "the login page has a captcha, which is never solved here",
        f"switch it off for the test user or this client, or {ELSE}",
    ),
    PageKind.ONE_TIME_CODE: (
        "the login asks for a one-time code",
        f"switch the second factor off for the test user, or {ELSE}",
    ),
    PageKind.SCRIPT_ONLY: (
        "the login page is made by a script and has no form",
        ELSE,
    ),
    PageKind.OTHER: (
        "the page after the authorization request has no form that is known here",
        f"open the authorization URL in a browser and look; or {ELSE}",
    ),
}
SETTINGS = {
    "unauthorized_client": "allow the authorization code flow for clients[0] at the server",
    "invalid_client": "check clients[0].client_id",
    "invalid_scope": "check 'scope': the server does not grant it to clients[0]",
    "invalid_request": "check clients[0].redirect_uris, 'scope' and 'authorize'",
    "access_denied": "allow the test user to use clients[0]",
    "invalid_target": "check the audience of 'apis'",
    "invalid_redirect_uri": "check clients[0].redirect_uris",
}


class FormDriver:
    """Passes login and consent pages that are plain HTML forms.

    Args:
        login: username, password, and the names of their fields where they cannot be guessed.
        origins: the origins of the target; credentials go nowhere else.
        limits: how many requests one login may take.
    """

    def __init__(self, login: Login, origins: frozenset[str], limits: Limits) -> None:
        self._login = login
        self._origins = origins
        self._limits = limits

    def sign_in(self, url: str, redirect_uri: str, transport: Transport) -> Session:
        """Sign in by performing the authorization request `url`.

        Raises:
            LoginBlocked: no code came of it; names the setting to look at.
            Unreachable: the target did not answer.
        """
        browser = self._browser(CookieJar(), transport, redirect_uri)
        landing = self._walk(browser, url)
        if landing.ending is not Ending.CALLBACK or not landing.parameters.get("code"):
            raise _no_code(landing)
        return Session(browser.jar)

    def authorize(
        self,
        url: str,
        redirect_uri: str,
        session: Session | None,
        transport: Transport,
        *,
        interactive: bool = True,
    ) -> Landing:
        """Perform the authorization request with the session, which may change on the way.

        Raises:
            LoginBlocked: a page could not be passed.
            Unreachable: the target did not answer.
        """
        jar = session.jar if session else CookieJar()
        browser = self._browser(jar, transport, redirect_uri)
        return self._walk(browser, url) if interactive else look(browser, url)

    def _browser(self, jar: CookieJar, transport: Transport, redirect_uri: str) -> Browser:
        return Browser(jar, transport, self._origins, redirect_uri, self._limits.hops)

    def _walk(self, browser: Browser, url: str) -> Landing:
        """Pass pages until the request ends."""
        shown = browser.get(url)
        password_sent = False
        while isinstance(shown, Shown):
            page = read_page(shown.url, shown.response.text)
            if page.refresh:
                shown = browser.get(page.refresh)
                continue
            form_post = _lone_form(page)
            kind = page.kind
            if kind is PageKind.LOGIN:
                if password_sent and page.login_form and page.login_form.password:
                    raise LoginBlocked(
                        "the login page came back after username and password were sent",
                        "check login.username and login.password",
                    )
                password_sent = password_sent or bool(page.login_form and page.login_form.password)
                shown = self._sign_in_form(browser, page)
            elif kind is PageKind.CONSENT and shown.response.status < BAD_REQUEST:
                shown = self._submit(browser, page.consent_form, {})
            elif form_post is not None and shown.response.status < BAD_REQUEST:
                shown = self._submit(browser, form_post, {})
            elif shown.response.status >= BAD_REQUEST or not (page.forms or page.scripts):
                return _error_page(shown)
            else:
                message, hint = BLOCKED[kind]
                raise LoginBlocked(f"{message} ({origin_of(shown.url)})", hint)
        return shown

    def _sign_in_form(self, browser: Browser, page: Page) -> Shown | Landing:
        form = page.login_form
        if form is None:
            raise LoginBlocked(*BLOCKED[PageKind.OTHER])
        username = self._field(form, self._login.username_field, form.username)
        password = self._field(form, self._login.password_field, form.password)
        values = {}
        if username:
            values[username] = self._login.username
        if password:
            values[password] = self._login.password
        return self._submit(browser, form, values)

    def _field(self, form: Form, named: str, guessed: Control | None) -> str:
        if named and any(control.name == named for control in form.controls):
            return named
        return guessed.name if guessed else ""

    def _submit(
        self, browser: Browser, form: Form | None, values: dict[str, str]
    ) -> Shown | Landing:
        if form is None:
            raise LoginBlocked(*BLOCKED[PageKind.OTHER])
        place = origin_of(form.action)
        if values and place not in self._origins:
            raise LoginBlocked(
                f"the login form sends its fields to {place}, which the target file does not name",
                f"if it belongs to the login, add it:  login: {{hosts: [{place}]}}",
            )
        return browser.submit(
            form.action, form.method, filled(form, values, accepting_button(form))
        )


def look(browser: Browser, url: str) -> Landing:
    """Open an authorization request and act on no page."""
    shown = browser.get(url)
    while isinstance(shown, Shown):
        page = read_page(shown.url, shown.response.text)
        form_post = _lone_form(page)
        if page.refresh:
            shown = browser.get(page.refresh)
        elif form_post is not None and form_post.of_kind("hidden") == form_post.controls:
            shown = browser.submit(form_post.action, form_post.method, filled(form_post, {}, None))
        elif shown.response.status >= BAD_REQUEST:
            return _error_page(shown)
        else:
            text = shown.response.text[:PAGE_TEXT]
            return Landing(Ending.LOGIN_PAGE, shown.response.status, page=text)
    return shown


def _lone_form(page: Page) -> Form | None:
    """The form of a page that only passes on hidden fields, as form_post does."""
    if len(page.forms) != 1 or not page.forms[0].of_kind("hidden"):
        return None
    form = page.forms[0]
    visible = [c for c in form.controls if c.kind not in ("hidden", "submit", "button")]
    return None if visible or form.method != "POST" else form


def _error_page(shown: Shown) -> Landing:
    return Landing(Ending.ERROR_PAGE, shown.response.status, page=shown.response.text[:PAGE_TEXT])


def _no_code(landing: Landing) -> LoginBlocked:
    """Why the valid authorization request brought no code, and what to look at."""
    error = landing.parameters.get("error", "")
    if error:
        described = landing.parameters.get("error_description", "")[:200]
        more = f" ({described})" if described else ""
        text = f"the authorization request was refused: {error}{more}"
        return LoginBlocked(text, SETTINGS.get(error, "check clients[0], 'scope' and 'authorize'"))
    if landing.ending is Ending.ELSEWHERE:
        place = origin_of(landing.location)
        return LoginBlocked(
            f"the authorization request led to {place}, which the target file does not name",
            f"if the login page lives there, add it:  login: {{hosts: [{place}]}}",
        )
    words = _words(landing.page)
    return LoginBlocked(
        f"the authorization endpoint answered with an error page, status {landing.status}"
        f"{f': {words}' if words else ''}",
        "check clients[0].client_id, and that clients[0].redirect_uris[0] is registered exactly so",
    )


def _words(page: str) -> str:
    """The text of a page in one line, tags dropped."""
    without = re.sub(r"<(script|style|title)[^>]*>[^<]*</\1>|<[^>]*>", " ", page)
    return " ".join(unescape(without).split())[:200]
