"""Pages by which a user signs in and consents: OpenID Connect Core §3.1.2.3, §3.1.2.4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape
from urllib.parse import urlencode, urlsplit

from tokenspec.reference_server.alterations.liberties.model import Liberty, telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.authorization import read_authorization
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints import pages
from tokenspec.reference_server.endpoints.authorize import AuthorizeEndpoint
from tokenspec.reference_server.endpoints.routes import Route
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.seams import Alter

SIGN_IN = "OpenID Connect Core §3.1.2.3"
OWN_WAY = "How a user is authenticated is beyond the scope of the specification."
CONSENT = "OpenID Connect Core §3.1.2.4"
DIALOGUE = "A decision may be obtained by an interactive dialogue; what it looks like is left open."
FOUND, SEE_OTHER, TEMPORARY, BAD = 302, 303, 307, 400
PAGE_PATH, BOX, FORM = "/interaction", "agreed", b"<form"
USERNAME = b'<label>Username <input name="username" autocomplete="username"></label>'
PASSWORD = (
    b'<label>Password <input name="password" type="password" autocomplete="current-password">'
    b"</label>"
)
FIELDS = "fields of the login form"
NAMES = {"identifier": "username", "secret": "password"}


def _in_forms(make: Callable[[bytes], bytes], marked: bytes = FORM) -> Alter:
    """Another body of the pages with a form of the server that have `marked` in it."""

    def alter(page: Response, csrf: str) -> Response:
        fits = bool(csrf) and marked in page.body
        return replace(page, body=make(page.body)) if fits else page

    return alter


def _with(before: bytes, put: bytes) -> Callable[[bytes], bytes]:
    return lambda body: body.replace(before, put + before, 1)


def _in_capitals(body: bytes) -> bytes:
    for tag in (b"form", b"input", b"button", b"label"):
        body = body.replace(b"<" + tag, b"<" + tag.upper()).replace(
            b"</" + tag, b"</" + tag.upper()
        )
    return body.replace(b" method=", b" METHOD=").replace(b" type=", b" TYPE=")


def _page_elsewhere(by_get: int) -> Alter:
    """The authorization endpoint sends the browser on to where its pages are."""

    def alter(routes: dict[str, Route], core: Core) -> dict[str, Route]:
        path = urlsplit(core.endpoint("authorization")).path
        own = path.rpartition("/")[0] + PAGE_PATH
        route = routes[path]

        def first(request: Request) -> Response:
            made = route.answer(request)
            if FORM not in made.body:
                return made
            posted = request.method == "POST"
            asked = request.form if posted else request.query
            place = ("Location", f"{own}?{urlencode(asked)}")
            return Response(SEE_OTHER if posted else by_get, (place,))

        return routes | {path: replace(route, answer=first), own: replace(route, methods=("GET",))}

    return alter


def _renamed(routes: dict[str, Route], core: Core) -> dict[str, Route]:
    """The fields of the login form are called otherwise."""
    path = urlsplit(core.endpoint("login")).path
    route = routes[path]

    def answer(request: Request) -> Response:
        fields = [(NAMES.get(name, name), value) for name, value in request.form]
        return route.answer(replace(request, body=urlencode(fields).encode()))

    return routes | {path: replace(route, answer=answer)}


def _other_names(body: bytes) -> bytes:
    for new, old in NAMES.items():
        body = body.replace(f'name="{old}"'.encode(), f'name="{new}"'.encode())
    return body


def _identifier_first(routes: dict[str, Route], core: Core) -> dict[str, Route]:
    """A form that names a user, and has no password, gets the page that asks for it."""
    path = urlsplit(core.endpoint("login")).path
    route = routes[path]

    def answer(request: Request) -> Response:
        fields = dict(request.form)
        if request.method != "POST" or "password" in fields or "csrf" not in fields:
            return route.answer(request)
        own = urlsplit(request.url)
        form = pages.login_page(f"{own.path}?{own.query}", fields["csrf"])
        named = escape(fields.get("username", ""))
        known = f'<input type="hidden" name="username" value="{named}">'
        return pages.page(core, 200, form.replace(USERNAME, known.encode()), fields["csrf"])

    return routes | {path: replace(route, answer=answer)}


def _without_password(body: bytes) -> bytes:
    return body.replace(PASSWORD, b"")


def _box_needed(routes: dict[str, Route], core: Core) -> dict[str, Route]:
    """Consent without the box ticked is none."""
    path = urlsplit(core.endpoint("consent")).path
    route = routes[path]

    def answer(request: Request) -> Response:
        fields = dict(request.form)
        if fields.get("decision") == "accept" and BOX not in fields:
            return Response(BAD, (("Content-Type", "text/html"),), b"<h1>Tick the box</h1>")
        return route.answer(request)

    return routes | {path: replace(route, answer=answer)}


def _session_anew(routes: dict[str, Route], core: Core) -> dict[str, Route]:
    """A session gets another cookie with each answer to the browser; the old one works as well."""
    path = urlsplit(core.endpoint("authorization")).path
    route = routes[path]

    def answer(request: Request) -> Response:
        made = route.answer(request)
        shown = (part.strip() for part in request.header("Cookie").split(";"))
        known = (part.partition("=")[2] for part in shown if part.startswith("session="))
        sign_in = core.store.sign_in(next(known, ""))
        if sign_in is None:
            return made
        renewed = replace(sign_in, identifier=core.random_text())
        core.store.put_sign_in(renewed)
        cookie = ("Set-Cookie", f"session={renewed.identifier}; Path=/; HttpOnly")
        return replace(made, headers=(*made.headers, cookie))

    return routes | {path: replace(route, answer=answer)}


def _before_everything(routes: dict[str, Route], core: Core) -> dict[str, Route]:
    """Who has not signed in is shown the form, whatever is wrong with the request.

    A silent request that may be answered at the client's address is: it forbids the page.
    """
    path, shown = urlsplit(core.endpoint("authorization")).path, AuthorizeEndpoint(core)
    route = routes[path]

    def answer(request: Request) -> Response:
        asked = request.form if request.method == "POST" else request.query
        made = route.answer(request)
        silent = read_authorization(core, asked).get("prompt") == "none"
        told = made.status < BAD and silent
        signed_in = shown.sign_in(request) is not None
        return made if signed_in or told else shown.login_page(request, asked)

    return routes | {path: replace(route, answer=answer)}


def _form_for_everything(routes: dict[str, Route], core: Core) -> dict[str, Route]:
    """Each request leads to the form first, and nothing of OpenID Connect is known to it."""
    path, shown = urlsplit(core.endpoint("authorization")).path, AuthorizeEndpoint(core)

    def answer(request: Request) -> Response:
        asked = request.form if request.method == "POST" else request.query
        known = tuple((name, value) for name, value in asked if name not in OF_OPENID)
        return shown.login_page(request, known)

    return routes | {path: replace(routes[path], answer=answer)}


OF_OPENID = ("prompt", "max_age", "id_token_hint", "login_hint", "acr_values", "claims")
SELECT = b'<label>Tenant <select name="tenant"><option value="one">One</select></label>'
BUTTONS = b'<button type="submit" name="by" value="google">Continue with Google</button>'
TICKED = b'<label><input type="checkbox" name="scope" value="openid" checked> openid</label>'
TO_TICK = b'<label><input type="checkbox" name="agreed" value="yes" required> I agree</label>'
DENY = b'<button type="submit" name="decision" value="deny"'
LIBERTIES: tuple[Liberty, ...] = (
    telling(
        "login.before_everything",
        "RFC 6749 §3.1",
        "The server first verifies who the user is.",
        "who has not signed in is shown the login form, even if the request is wrong",
        group="place of pages",
        routes=_before_everything,
    ),
    Liberty(
        "login.form_for_everything",
        "RFC 6749 §3.1",
        "The server verifies who the user is, each time, and passes over what it does not know.",
        Alteration(
            "login.form_for_everything",
            "RFC 6749 §3.1",
            "each request is answered with the login form, whatever it asks, as no prompt is known",
            tells={"routes": _form_for_everything},
        ),
        group="place of pages",
        states={"openid": False},
        takes_away=True,
        forbidden_by=("auth0",),
    ),
    telling(
        "login.page_elsewhere",
        SIGN_IN,
        OWN_WAY,
        "the authorization endpoint redirects to where the pages for users are",
        group="place of pages",
        routes=_page_elsewhere(FOUND),
    ),
    telling(
        "login.page_elsewhere_by_307",
        "RFC 9700 §4.12",
        "307 is forbidden where a request may contain credentials of the user.",
        "the authorization endpoint redirects to its pages with 307, where nothing was posted",
        group="place of pages",
        routes=_page_elsewhere(TEMPORARY),
    ),
    telling(
        "login.other_field_names",
        SIGN_IN,
        OWN_WAY,
        "the fields of the login form are called identifier and secret",
        group=FIELDS,
        routes=_renamed,
        page=_in_forms(_other_names, b'type="password"'),
    ),
    telling(
        "login.another_button_first",
        SIGN_IN,
        OWN_WAY,
        "a button to sign in elsewhere stands before that of the form",
        page=_in_forms(_with(b'<button type="submit">Sign', BUTTONS)),
    ),
    telling(
        "login.more_to_choose",
        SIGN_IN,
        OWN_WAY,
        "the login form has a list to choose from beside its fields",
        group=FIELDS,
        page=_in_forms(_with(b"<label>Password", SELECT)),
    ),
    telling(
        "consent.boxes_ticked",
        CONSENT,
        DIALOGUE,
        "the consent page has a box for a scope, ticked",
        page=_in_forms(_with(DENY, TICKED)),
    ),
    telling(
        "consent.box_to_tick",
        CONSENT,
        DIALOGUE,
        "the consent page has a box that has to be ticked",
        page=_in_forms(_with(DENY, TO_TICK)),
        routes=_box_needed,
    ),
    telling(
        "session.another_cookie_each_time",
        SIGN_IN,
        "What a session is, the specification leaves to the server.",
        "a session gets another cookie with each authorization",
        routes=_session_anew,
    ),
    telling(
        "login.tags_in_capitals",
        "HTML §13.1.2",
        "Names of elements may be written in letters of any case.",
        "the forms of pages are written in capital letters",
        group=FIELDS,
        page=_in_forms(_in_capitals),
    ),
    telling(
        "login.identifier_first",
        SIGN_IN,
        OWN_WAY,
        "one page asks who the user is, and the next one for the password",
        group=FIELDS,
        routes=_identifier_first,
        page=_in_forms(_without_password, USERNAME),
    ),
)
