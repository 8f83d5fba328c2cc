"""The pages a user sees on the way to a code, and how forms with a password are answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.http import Response
from tokenspec.conformance.login.pages import Form, PageKind, read_page
from tokenspec.conformance.play.transcript import Played, Transcript

BAD_REQUEST, SEE_OTHER = 400, 303
REDIRECTS = (301, 302, 303, 307, 308)
REPEATING = (307, 308)  # the browser sends the form on, password and all
FRAMEABLE = ("*", "http:", "https:")  # sources that keep nobody from framing a page
LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href", "a": "href"}


@check("logout-leads-nowhere", Subject.LOGOUT)
def logout_leads_nowhere(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A logout does not redirect to the origin it was asked for (RP-Initiated Logout 1.0 §3)."""
    asked = str(next(iter(played.sent.get("post_logout_redirect_uri", ())), ""))
    response = played.response
    if response is None or response.status not in REDIRECTS or not asked:
        return
    if urlsplit(response.header("Location") or "")[:2] == urlsplit(asked)[:2]:
        yield f"the browser is sent on to {asked[:80]}"


@check("pages-framing-forbidden", Subject.PAGES)
def pages_framing_forbidden(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A page with a form says who may frame it, by either header (RFC 9700 §4.16)."""
    for url, response, _ in _pages(played):
        options = (response.header("X-Frame-Options") or "").strip().lower()
        if options not in ("deny", "sameorigin") and not _frame_ancestors(response):
            yield f"the page at {_shown(url)} may be framed by anyone"


@check("pages-frame-ancestors", Subject.PAGES)
def pages_frame_ancestors(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A page with a form has a Content-Security-Policy with frame-ancestors (RFC 9700 §4.16)."""
    for url, response, _ in _pages(played):
        if not _frame_ancestors(response):
            yield f"the page at {_shown(url)} has no frame-ancestors in its Content-Security-Policy"


@check("pages-own-content", Subject.PAGES)
def pages_own_content(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A page with a form loads nothing from other sites and links to none (RFC 9700 §4.2.4)."""
    for url, response, _ in _pages(played):
        for link in _links(url, response.text):
            if _site(link) and _site(link) != _site(url):
                yield f"the page at {_shown(url)} refers to {urlsplit(link).hostname}"


@check("page-asks-no-consent", Subject.PAGES)
def page_asks_no_consent(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """The page that came does not ask a user who is signed in already for consent."""
    shown = played.exchanges[-1] if played.exchanges else None
    if shown is None or shown.response is None:
        return
    if read_page(shown.request.url, shown.response.text).kind is PageKind.CONSENT:
        yield "the page asks for consent, not for a login"


@check("password-not-sent-on", Subject.PAGES)
def password_not_sent_on(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A form with a password is not answered with status 307 or 308 (RFC 9700 §4.12)."""
    for response in _after_password(played):
        if response.status in REPEATING:
            yield f"the form with the password was answered with status {response.status}"


@check("password-answered-303", Subject.PAGES)
def password_answered_303(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A redirect after a form with a password has status 303 (RFC 9700 §4.12)."""
    for response in _after_password(played):
        if response.status in REDIRECTS and response.status != SEE_OTHER:
            yield f"the form with the password was answered with status {response.status}"


@check("error-page-tells", Subject.PAGES)
def error_page_tells(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """An error page says something to the user, if it can be read (RFC 6749 §3.1.2.4)."""
    page = played.authorization.page if played.authorization else ""
    silent = not re.sub(r"<style[^>]*>[^<]*</style>|<[^>]*>|\s", "", page)
    if _ended_on_a_page(played) and silent and "<script" not in page.lower():
        yield "the error page is empty"


@check("error-page-status", Subject.PAGES)
def error_page_status(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """An error page has an error status, which no specification asks of it."""
    if _ended_on_a_page(played) and played.status < BAD_REQUEST:
        yield f"the status of the error page is {played.status}"


@check("input-harmless", Subject.PAGES)
def input_harmless(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """No page holds as markup what came in as a parameter (RFC 6749 §10.14)."""
    marked = {str(v) for values in played.sent.values() for v in values if "<script>" in str(v)}
    for exchange in played.exchanges:
        response = exchange.response
        if response is None or "html" not in response.media_type:
            continue
        for value in marked:
            if value[value.index("<script>") :] in response.text:
                yield f"the page at {_shown(exchange.request.url)} holds a script that came in"


def _ended_on_a_page(played: Played) -> bool:
    return played.authorization is not None and not played.authorization.location


def _pages(played: Played) -> Iterator[tuple[str, Response, tuple[Form, ...]]]:
    """Each page with a form that was shown, with its address."""
    for exchange in played.exchanges:
        response = exchange.response
        if response is None or response.status >= BAD_REQUEST or "html" not in response.media_type:
            continue
        forms = tuple(read_page(exchange.request.url, response.text).forms)
        if forms:
            yield exchange.request.url, response, forms


def _after_password(played: Played) -> Iterator[Response]:
    """The answer to each form that had a field for a password."""
    actions = {form.action for _, _, forms in _pages(played) for form in forms if form.password}
    for exchange in played.exchanges:
        posted = exchange.request.method == "POST" and exchange.request.url in actions
        if posted and exchange.response is not None:
            yield exchange.response


def _frame_ancestors(response: Response) -> bool:
    """Whether a policy says who may frame the page, and does not say: everyone."""
    for policy in response.header_all("Content-Security-Policy"):
        for directive in policy.split(";"):
            name, *sources = directive.lower().split()[:20] or [""]
            if name == "frame-ancestors" and not set(sources) & set(FRAMEABLE):
                return True
    return False


def _site(url: str) -> str:
    """The last two labels of a host: enough to tell a stranger from a sister."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return ".".join(host.split(".")[-2:])


def _shown(url: str) -> str:
    return urlsplit(url).path


class _LinkReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        link = dict(attrs).get(LOADED.get(tag, ""))
        if link:
            self.links.append(link)


def _links(url: str, page: str) -> Iterator[str]:
    reader = _LinkReader()
    reader.feed(page)
    for link in reader.links:
        try:
            yield urljoin(url, link)
        except ValueError:
            continue
