"""Login pages in a real Chromium, driven by Playwright: for pages that are made by scripts."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tokenspec.conformance.errors import LoginBlocked
from tokenspec.conformance.http import Response, Transport
from tokenspec.conformance.login.browse import PAGE_TEXT, Browser, callback, is_callback, origin_of
from tokenspec.conformance.login.cookies import CookieJar
from tokenspec.conformance.login.form import BAD_REQUEST, BLOCKED, NEVER, look, no_code
from tokenspec.conformance.login.model import UNPASSED, AuthorizationResult, Ending, Session
from tokenspec.conformance.login.pages import (
    ACCEPTING,
    DENYING,
    ELSEWHERE,
    SIGNING,
    read_page,
    words_of,
)
from tokenspec.conformance.target.model import Limits, Login, LoginStep, Network

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
SECONDS = 30.0  # that one login may take
MAYBE_WRONG = "check login.username and login.password; if they are right, "
STEP_MILLISECONDS = 10_000.0  # that a step waits for its element
LOOK_MILLISECONDS = 100.0  # between two looks at the page
QUIET = 5.0  # seconds a page loads nothing and offers nothing to do, until no more is waited for
USUAL = (
    LoginStep("fill", "input[autocomplete~=username], input[type=email], input[name*=user i], "
              "input[name*=login i], input[type=text]", "username"),
    LoginStep("fill", "input[type=password]", "password"),
)  # fmt: skip
BUTTONS = "button[type=submit], input[type=submit], button:not([type])"
FOLDER = "tokenspec-report"
_numbers = itertools.count(1)


@dataclass
class _Visit:
    """One authorization request in the browser, and what was seen of it. Playwright adds to it."""

    redirect_uri: str
    hosts: frozenset[str]
    location: str = ""
    status: int = 0
    turned_away: set[str] = field(default_factory=set)
    loading: set[Any] = field(default_factory=set)  # requests under way
    busy: float = 0.0  # when something was last loaded or done, by the monotonic clock

    def on_request(self, request: Any) -> None:
        """Notice the callback, and hosts that the target file does not name."""
        self.loading.add(request)
        self.busy = time.monotonic()
        if request.is_navigation_request() and is_callback(request.url, self.redirect_uri):
            self.location = self.location or request.url
        elif urlsplit(request.url).hostname not in self.hosts and "://" in request.url[:8]:
            self.turned_away.add(origin_of(request.url))

    def on_end(self, request: Any) -> None:
        """Notice that a request was answered or given up."""
        self.loading.discard(request)
        self.busy = time.monotonic()

    @property
    def quiet(self) -> bool:
        """Whether nothing has gone on for so long that nothing will."""
        return not self.loading and time.monotonic() - self.busy > QUIET

    def on_response(self, response: Any) -> None:
        """Notice how the last page was answered."""
        if response.request.is_navigation_request():
            self.status = response.status


class BrowserDriver:
    """Signs in with a real browser, and uses the session it leaves for as long as that works.

    The browser reaches no host but those of the target and its login: names of others lead nowhere,
    so the callback is seen and never followed.

    Args:
        login: username, password and steps.
        origins: the origins of the target and its login.
        limits: how many redirects are followed without the browser.
        network: proxy and headers.
        verify_tls: whether certificates have to be valid.
    """

    def __init__(
        self,
        login: Login,
        origins: frozenset[str],
        limits: Limits,
        network: Network,
        *,
        verify_tls: bool = True,
    ) -> None:
        self._login = login
        self._origins = origins
        self._limits = limits
        self._network = network
        self._verify_tls = verify_tls
        self._signed_in = False  # here, by this driver: pages that offer nothing then say no

    def sign_in(self, url: str, redirect_uri: str, transport: Transport) -> Session:
        """Sign in by performing the authorization request `url`.

        Raises:
            LoginBlocked: it did not yield a code, or there is no browser.
            Unreachable: the target did not answer.
        """
        session = Session(CookieJar())
        result = self.authorize(url, redirect_uri, session, transport)
        if result.ending is not Ending.CALLBACK or not result.parameters.get("code"):
            raise no_code(result)
        return session

    def authorize(
        self,
        url: str,
        redirect_uri: str,
        session: Session | None,
        transport: Transport,
        *,
        interactive: bool = True,
    ) -> AuthorizationResult:
        """Perform the request: without the browser where no page stands in the way.

        Raises:
            LoginBlocked: a page could not be passed.
            Unreachable: the target did not answer.
        """
        jar = session.jar if session else CookieJar()
        small = Browser(jar, transport, self._origins, redirect_uri, self._limits.hops)
        result = look(small, url)
        if session is None or not interactive or result.ending not in UNPASSED:
            return result
        return self._visit(url, _Visit(redirect_uri, self._hosts()), jar)

    def _hosts(self) -> frozenset[str]:
        return frozenset(urlsplit(place).hostname or "" for place in self._origins)

    def _visit(self, url: str, visit: _Visit, jar: CookieJar) -> AuthorizationResult:
        sync_playwright, error_type = _playwright()
        options: dict[str, Any] = {"headless": True, "args": self._arguments(visit.hosts)}
        options["executable_path"] = _executable(self._login.chromium)
        if self._network.proxy:
            options["proxy"] = {"server": self._network.proxy}
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(**options)
                try:
                    return self._in(browser, url, visit, jar)
                finally:
                    browser.close()
        except error_type as error:
            text = str(error).strip().splitlines()[0][:300]
            raise LoginBlocked(f"the browser failed: {text}", "check login.chromium") from error

    def _arguments(self, hosts: Iterable[str]) -> list[str]:
        rules = ", ".join(["MAP * ~NOTFOUND", *(f"EXCLUDE {host}" for host in sorted(hosts))])
        return ["--no-sandbox", "--disable-background-networking", f"--host-resolver-rules={rules}"]

    def _in(self, browser: Any, url: str, visit: _Visit, jar: CookieJar) -> AuthorizationResult:
        context = browser.new_context(
            ignore_https_errors=not self._verify_tls,
            extra_http_headers=dict(self._network.headers),
        )
        context.add_cookies(jar.as_dicts())
        page: Page = context.new_page()
        page.on("request", visit.on_request)
        page.on("response", visit.on_response)
        page.on("requestfinished", visit.on_end)
        page.on("requestfailed", visit.on_end)
        try:
            _open(page, url)
            self._pass(page, visit)
        except LoginBlocked as blocked:
            raise self._pictured(page, visit, blocked) from blocked
        for cookie in context.cookies():
            _keep(jar, cookie)
        if visit.location:
            result = callback(visit.location, (), visit.redirect_uri)
            self._signed_in = self._signed_in or bool(result.parameters.get("code"))
            return result
        text = page.content()
        words = words_of(text)
        return AuthorizationResult(
            Ending.ERROR_PAGE, visit.status, page=text[:PAGE_TEXT], words=words
        )

    def _pass(self, page: Page, visit: _Visit) -> None:
        """Do the steps, then press what agrees, until the callback is seen."""
        until = time.monotonic() + SECONDS
        for step in self._login.steps:
            if visit.location:
                return
            self._do(page, step)
        sent = bool(self._login.steps)
        while not visit.location:
            if visit.quiet and (self._signed_in or visit.status >= BAD_REQUEST):
                return
            if visit.quiet or time.monotonic() > until:
                words = f"the browser stood at {origin_of(page.url)} ({_title(page)!r})"
                raise LoginBlocked(
                    f"{words} and no callback came: {words_of(page.content())!r}",
                    f"{MAYBE_WRONG if sent else ''}look at the picture, and give the page's own "
                    "'login.steps'",
                    "credentials" if sent else "page",
                )
            page.wait_for_timeout(LOOK_MILLISECONDS)
            if not visit.location:
                sent = self._act(page, visit, sent=sent) or sent

    def _act(self, page: Page, visit: _Visit, *, sent: bool) -> bool:
        """Fill in and press what is there; whether the password was filled in."""
        seen = read_page(page.url, page.content())
        if seen.kind in NEVER:
            message, hint = BLOCKED[seen.kind]
            raise LoginBlocked(f"{message} ({origin_of(page.url)})", hint)
        filled = False
        if not sent:
            for step in USUAL:
                found = page.locator(step.selector).locator("visible=true")
                if found.count():
                    found.first.fill(self._value(step))
                    filled = filled or step.value == "password"
        button = _button(page, signed_in=sent)
        if button is not None:
            visit.busy = time.monotonic()
            button.click(timeout=STEP_MILLISECONDS)
            page.wait_for_timeout(LOOK_MILLISECONDS)
        return filled

    def _do(self, page: Page, step: LoginStep) -> None:
        _, error_type = _playwright()
        place = page.locator(step.selector).locator("visible=true").first
        try:
            match step.act:
                case "fill":
                    place.fill(self._value(step), timeout=STEP_MILLISECONDS)
                case "click":
                    place.click(timeout=STEP_MILLISECONDS)
                case _:
                    place.wait_for(timeout=STEP_MILLISECONDS)
        except error_type as error:
            raise LoginBlocked(
                f"login step '{step.act}: {step.selector}' found nothing to act on at "
                f"{origin_of(page.url)} ({_title(page)!r})",
                "look at the picture, and fix 'login.steps'",
            ) from error

    def _value(self, step: LoginStep) -> str:
        known = {"username": self._login.username, "password": self._login.password}
        return known.get(step.value, step.text)

    def _pictured(self, page: Page, visit: _Visit, blocked: LoginBlocked) -> LoginBlocked:
        """The same error with a picture of the page, and with the hosts that were not reached."""
        folder = Path(self._login.screenshots or FOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"login-{next(_numbers)}.png"
        page.screenshot(path=path)
        hint = f"{blocked.hint}; picture: {path}"
        if visit.turned_away:
            places = ", ".join(sorted(visit.turned_away))
            hint += f"; not reached, as the target file does not name them: {places} (login.hosts)"
        return LoginBlocked(blocked.message, hint, blocked.stage)


def _playwright() -> tuple[Any, type[Exception]]:
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        hint = "pip install 'tokenspec[browser]', and install Chromium"
        raise LoginBlocked("login kind browser needs Playwright", hint) from error
    return sync_playwright, Error


def _executable(named: str) -> str:
    found = named or next((path for name in NAMES if (path := shutil.which(name))), "")
    if not found:
        raise LoginBlocked(
            "no Chromium was found", "install it (apt-get install chromium), or give login.chromium"
        )
    return found


def _open(page: Page, url: str) -> None:
    """Go there; a callback at once ends the navigation with an error, which is no fault."""
    _, error_type = _playwright()
    try:
        page.goto(url, wait_until="domcontentloaded", timeout=SECONDS * 1000)
    except error_type as error:
        if "ERR_NAME_NOT_RESOLVED" not in str(error) and "ERR_ABORTED" not in str(error):
            raise


def _button(page: Page, *, signed_in: bool) -> Any:
    """What sends the fields of a sign-in page; on a consent page the button that says yes."""
    found = page.locator(BUTTONS).locator("visible=true")
    buttons = [found.nth(n) for n in range(found.count())]
    words = [
        (b, f"{b.inner_text()} {b.get_attribute('value') or ''} {b.get_attribute('name') or ''}")
        for b in buttons
    ]
    willing = [(button, said) for button, said in words if not DENYING.search(said)]
    if signed_in:
        clear = [button for button, said in willing if ACCEPTING.search(said)]
        lone = [b for b, said in willing if not ELSEWHERE.search(said)] if len(willing) == 1 else []
        return next(iter([*clear, *lone]), None)
    own = [(button, said) for button, said in willing if not ELSEWHERE.search(said)]
    named = [button for button, said in own if SIGNING.search(said)]
    return named[0] if named else (own[0][0] if own else None)


def _title(page: Page) -> str:
    return page.title()[:80]


def _keep(jar: CookieJar, cookie: Any) -> None:
    domain = cookie["domain"].lstrip(".")
    parts = [f"{cookie['name']}={cookie['value']}", f"Path={cookie['path']}"]
    if cookie["domain"].startswith("."):
        parts.append(f"Domain={domain}")
    if cookie["secure"]:
        parts.append("Secure")
    scheme = "https" if cookie["secure"] else "http"
    url = f"{scheme}://{domain}{cookie['path']}"
    jar.store(url, Response(200, (("Set-Cookie", "; ".join(parts)),)))
