"""Signing in through the target's own pages: fill the fields, keep the hidden ones, press yes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from tokenspec.conformance.errors import HarnessError, LoginBlocked
from tokenspec.conformance.http import COME_BACK, OUT_OF_SERVICE, Transport
from tokenspec.conformance.login import recipes
from tokenspec.conformance.login.browse import PAGE_TEXT, Browser, Shown, origin_of
from tokenspec.conformance.login.cookies import CookieJar
from tokenspec.conformance.login.model import AuthorizationResult, Ending, LoginDriver, Session
from tokenspec.conformance.login.pages import (
    Control,
    Form,
    Page,
    PageKind,
    accepting_button,
    agreed,
    denying_button,
    filled,
    label_of,
    leads_away,
    named_button,
    read_page,
    sign_in_button,
    words_on,
)
from tokenspec.conformance.login.recipes import Recognised, recognise, script_request
from tokenspec.conformance.target.model import Limits, Login
from tokenspec.conformance.texts import legible, shortened

BAD_REQUEST = 400
MOST_PRESSED = 9  # buttons that are remembered
ELSE = "use login kind 'browser', 'cookie' (a stored session) or 'command' (a script of yours)"
BLOCKED = {
    PageKind.CAPTCHA: (
        "the login page has a captcha, which is never solved here",
        f"switch it off for the test user or this client; or {ELSE}",
    ),
    PageKind.ONE_TIME_CODE: (
        "the login asks for a one-time code, which is never made here",
        f"switch the second factor off for the test user; or {ELSE}",
    ),
    PageKind.PASSKEY: (
        "the login asks for a passkey or security key",
        f"let the test user sign in with a password alone; or {ELSE}",
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
REFUSED_BY_USER = ("access_denied", "consent_required")
NEVER = (PageKind.CAPTCHA, PageKind.ONE_TIME_CODE, PageKind.PASSKEY)
SETTINGS = {
    "unauthorized_client": "allow the authorization code flow for clients[0] at the server",
    "invalid_client": "check clients[0].client_id",
    "invalid_scope": "check 'scope': the server does not grant it to clients[0]",
    "invalid_request": "check clients[0].redirect_uris, 'scope' and 'authorize'",
    "access_denied": "let the test user consent to clients[0], and allow the user to use it",
    "consent_required": "give the test user's consent to clients[0] at the server",
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

    def __init__(
        self, login: Login, origins: frozenset[str], limits: Limits, *, by_forms: bool = False
    ) -> None:
        self.login = login
        self.origins = origins
        self.limits = limits
        self.by_forms = by_forms  # a form has signed the user in: pages without one do not
        self.pressed: tuple[str, ...] = ()  # the buttons of the last sign-in, as a person has them

    def sign_in(self, url: str, redirect_uri: str, transport: Transport) -> Session:
        """Sign in by performing the authorization request `url`.

        Raises:
            LoginBlocked: it did not yield a code; names the setting to look at.
            Unreachable: the target did not answer.
        """
        browser = self._browser(CookieJar(), transport, redirect_uri)
        self.pressed = ()
        result = self._walk(browser, url)
        if result.ending is not Ending.CALLBACK or not result.parameters.get("code"):
            raise result.blocked or no_code(result)
        return Session(browser.jar)

    def authorize(
        self,
        url: str,
        redirect_uri: str,
        session: Session | None,
        transport: Transport,
        *,
        interactive: bool = True,
    ) -> AuthorizationResult:
        """Perform the authorization request with the session, which may change on the way.

        Raises:
            LoginBlocked: a page could not be passed.
            Unreachable: the target did not answer.
        """
        jar = session.jar if session else CookieJar()
        browser = self._browser(jar, transport, redirect_uri)
        if interactive:
            return self._walk(browser, url)
        return look(browser, url, self.login.recipe, by_forms=self.by_forms)

    def _browser(self, jar: CookieJar, transport: Transport, redirect_uri: str) -> Browser:
        return Browser(jar, transport, self.origins, redirect_uri, self.limits.hops)

    def _walk(self, browser: Browser, url: str) -> AuthorizationResult:
        """Pass pages until the request ends."""
        shown = browser.get(url)
        sent: set[bool] = set()  # sign-in forms sent: with a password, without one
        left = False  # a page that was for another user
        while isinstance(shown, Shown):
            page = read_page(shown.url, shown.response.text)
            known = recognise(page, self.login.recipe)
            away = "" if sent or left else recipes.leaving(known, page, self.login.username)
            if page.refresh or away:
                left = left or not page.refresh
                shown = browser.get(page.refresh or away)
                continue
            kind = _kind(page, known)
            good = shown.response.status < BAD_REQUEST
            if good and _no_sign_in(page, known, by_forms=self.by_forms):
                return _error_page(shown, page)
            form_post = _lone_form(page)
            if kind is PageKind.LOGIN:
                asks = bool(known.page.password) if known else _asks_password(page)
                if asks in sent:
                    raise self._came_back(page, asks=asks)
                sent.add(asks)
                shown = self._sign_in_form(browser, page, known)
            elif kind in NEVER and (good or page.forms):
                raise LoginBlocked(f"{BLOCKED[kind][0]} ({origin_of(shown.url)})", BLOCKED[kind][1])
            elif kind is PageKind.CONSENT and good:
                shown = self._consent(browser, page, known)
            elif form_post is not None and good:
                shown = self._submit(browser, form_post, {})
            elif not good or not (page.forms or page.scripts):
                return _error_page(shown, page)
            else:
                message, hint = BLOCKED[kind]
                blocked = LoginBlocked(f"{message} ({origin_of(shown.url)})", hint)
                return _ended(Ending.UNKNOWN_PAGE, shown, page, blocked)
        self.by_forms = self.by_forms or (bool(sent) and bool(shown.parameters.get("code")))
        return shown

    def _came_back(self, page: Page, *, asks: bool) -> LoginBlocked:
        """The login page again, after its form was sent with or without a password."""
        what = "username and password were" if asks else "the username was"
        button = f" (pressed {self.pressed[-1]!r})" if self.pressed else ""
        more = ", which speaks of a captcha," if page.captcha_word else ""
        return LoginBlocked(
            f"the login page{more} came back after {what} sent{button}: "
            f"{shortened(legible(page.visible), 150)!r}",
            f"check login.username{' and login.password' if asks else ''}; where another button is "
            "the right one, name it with 'login: {press: [text of the button]}'",
            stage="credentials",
        )

    def _sign_in_form(
        self, browser: Browser, page: Page, known: Recognised | None
    ) -> Shown | AuthorizationResult:
        if not self.login.username:
            raise LoginBlocked(
                "the login page asks who the user is, and the target file names nobody",
                "name a test user: login: {username: …, password: {env: …}}",
                stage="credentials",
            )
        if known is not None and known.form is None:
            return self._as_script(browser, page, known)
        form = known.form if known else page.login_form
        if form is None:
            raise LoginBlocked(*BLOCKED[PageKind.OTHER])
        if known is not None:
            named = (known.page.username, known.page.password)
        else:
            named = (_name(form.username), _name(form.password))
        username = self._field(form, self.login.username_field, named[0])
        password = self._field(form, self.login.password_field, named[1])
        values = {}
        if username:
            values[username] = self.login.username
        if password:
            values[password] = self.login.password
        return self._submit(browser, form, values, known)

    def _field(self, form: Form, named: str, guessed: str) -> str:
        names = {control.name for control in form.controls}
        return next((name for name in (named, guessed) if name and name in names), "")

    def _as_script(
        self, browser: Browser, page: Page, known: Recognised
    ) -> Shown | AuthorizationResult:
        action = urljoin(page.url, known.page.post)
        self._allowed(origin_of(action))
        sent = script_request(known, self.login.username, self.login.password)
        shown = browser.submit_json(action, sent)
        if isinstance(shown, Shown) and shown.response.status >= BAD_REQUEST:
            told = shortened(str((shown.response.json_object() or {}).get("description", "")))
            raise LoginBlocked(
                f"the sign-in was answered with status {shown.response.status}: {told}",
                "check login.username and login.password, and the client's connections",
                stage="credentials",
            )
        return shown

    def _consent(
        self, browser: Browser, page: Page, known: Recognised | None
    ) -> Shown | AuthorizationResult:
        if known is not None:
            return self._submit(browser, known.form, {}, known)
        form = page.consent_form
        return self._submit(browser, agreed(form) if form else None, {})

    def _submit(
        self,
        browser: Browser,
        form: Form | None,
        values: dict[str, str],
        known: Recognised | None = None,
    ) -> Shown | AuthorizationResult:
        if form is None:
            raise LoginBlocked(*BLOCKED[PageKind.OTHER])
        button = named_button(form, self.login.press)
        button = button or (known.page.button_of(form) if known else None)
        ticked = known.page.tick if known else ()
        pressed = button or (sign_in_button(form) if values else accepting_button(form))
        if pressed is not None:
            self.pressed = (*self.pressed, label_of(pressed))[-MOST_PRESSED:]
        sent = filled(form, values, pressed, ticked)
        action, method = _leading(form, pressed)
        if values:
            self._allowed(origin_of(action))
        return browser.submit(action, method, sent)

    def _allowed(self, place: str) -> None:
        """Credentials go to the origins of the target and of its login alone."""
        if place not in self.origins:
            raise LoginBlocked(
                f"the login form sends its fields to {place}, which the target file does not name",
                f"if it belongs to the login, add it:  login: {{hosts: [{place}]}}",
            )


def look(
    browser: Browser, url: str, recipe: str = "", *, by_forms: bool = False
) -> AuthorizationResult:
    """Open an authorization request and act on no page.

    Args:
        browser: what opens it.
        url: the authorization request.
        recipe: the name of the one that knows the login pages; empty for any.
        by_forms: whether a form has signed the user in, so that a page without one does not.
    """
    shown = browser.get(url)
    while isinstance(shown, Shown):
        page = read_page(shown.url, shown.response.text)
        form_post = _lone_form(page)
        if page.refresh:
            shown = browser.get(page.refresh)
        elif form_post is not None and form_post.of_kind("hidden") == form_post.controls:
            shown = browser.submit(form_post.action, form_post.method, filled(form_post, {}, None))
        elif shown.response.status >= BAD_REQUEST:
            return _error_page(shown, page)
        else:
            ending = _ending(page, recognise(page, recipe), by_forms=by_forms)
            return _ended(ending, shown, page)
    return shown


def _ending(page: Page, known: Recognised | None, *, by_forms: bool) -> Ending:
    """What a page without an error status is, by its looks."""
    if _no_sign_in(page, known, by_forms=by_forms):
        return Ending.ERROR_PAGE
    asking = known or page.login_form or page.consent_form or (page.forms and page.kind in NEVER)
    return Ending.LOGIN_PAGE if asking else Ending.UNKNOWN_PAGE


def _no_sign_in(page: Page, known: Recognised | None, *, by_forms: bool) -> bool:
    """Whether a page has no form where one has signed the user in: it says no, or nothing."""
    return by_forms and known is None and not page.forms


def _kind(page: Page, known: Recognised | None) -> PageKind:
    """What the page wants: as a recipe knows it, unless there is a captcha; else by its looks."""
    if known is None:
        return page.kind
    if page.captcha:
        return PageKind.CAPTCHA
    words = {"interstitial": PageKind.CONSENT, "action": PageKind.OTHER}
    return words.get(known.page.page) or PageKind(known.page.page)


def _asks_password(page: Page) -> bool:
    return page.login_form is not None and page.login_form.password is not None


def _name(control: Control | None) -> str:
    return control.name if control else ""


def _leading(form: Form, button: Control | None) -> tuple[str, str]:
    """Where a form is sent and how; a button may say otherwise (`formaction`, `formmethod`)."""
    action, method = (button.action, button.method) if button else ("", "")
    return action or form.action, method or form.method


def _lone_form(page: Page) -> Form | None:
    """The form of a page that only passes on hidden fields, as form_post does."""
    if len(page.forms) != 1 or not page.forms[0].of_kind("hidden"):
        return None
    form = page.forms[0]
    visible = [c for c in form.controls if c.kind not in ("hidden", "submit", "button")]
    return None if visible or form.method != "POST" or leads_away(form) else form


def _error_page(shown: Shown, page: Page) -> AuthorizationResult:
    return _ended(Ending.ERROR_PAGE, shown, page)


def _ended(
    ending: Ending, shown: Shown, page: Page, blocked: LoginBlocked | None = None
) -> AuthorizationResult:
    status, text = shown.response.status, shown.response.text[:PAGE_TEXT]
    return AuthorizationResult(ending, status, page=text, words=words_on(page), blocked=blocked)


def no_code(result: AuthorizationResult) -> LoginBlocked:
    """Why the valid authorization request did not yield a code, and what to look at."""
    error = result.parameters.get("error", "")
    if error:
        described = shortened(result.parameters.get("error_description", ""))
        more = f" ({described})" if described else ""
        text = f"the authorization request was refused: {error}{more}"
        hint = SETTINGS.get(error, "check clients[0], 'scope' and 'authorize'")
        return LoginBlocked(text, hint, "consent" if error in REFUSED_BY_USER else "code")
    if result.ending is Ending.ELSEWHERE:
        place = origin_of(result.location)
        return LoginBlocked(
            f"the authorization request led to {place}, which the target file does not name",
            f"if the login page lives there, add it:  login: {{hosts: [{place}]}}",
            stage="request",
        )
    words = result.words
    hint = (
        "check clients[0].client_id, and that clients[0].redirect_uris[0] is registered exactly so"
    )
    return LoginBlocked(
        f"the authorization endpoint answered with an error page, status {result.status}"
        f"{f': {words}' if words else ''}",
        COME_BACK if result.status in OUT_OF_SERVICE else hint,
        stage="request",
    )


class DenyingDriver(FormDriver):
    """Signs in like its parent, and says no where it is asked for consent."""

    def _submit(
        self, browser: Browser, form: Form | None, values: dict[str, str], *rest: Any
    ) -> Shown | AuthorizationResult:
        button = denying_button(form) if form is not None and not values else None
        if form is None or button is None:
            return super()._submit(browser, form, values, *rest)
        return browser.submit(*_leading(form, button), filled(form, {}, button))


def denying(driver: LoginDriver) -> LoginDriver:
    """A driver like this one whose user consents to nothing.

    Raises:
        HarnessError: the driver fills in no forms; `needs` should have seen to it.
    """
    if not isinstance(driver, FormDriver):
        raise HarnessError("a login without forms has no consent to deny")
    return DenyingDriver(driver.login, driver.origins, driver.limits, by_forms=driver.by_forms)
