"""What a user is shown where nothing is redirected: RFC 6749 §4.1.2.1 leaves it open."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from tokenspec.reference_server.alterations.building import less
from tokenspec.reference_server.alterations.liberties.model import Liberty, telling
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.routes import Route
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.seams import Alter

GROUP, BAD = "error page", 400
BY = "RFC 6749 §4.1.2.1"
OPEN = "The user is informed of the error; how, and with which status, is not said."


def _error_page(**changes: object) -> Alter:
    """Another error page: one without a form."""

    def alter(page: Response, csrf: str) -> Response:
        return page if csrf else replace(page, **changes)  # type: ignore[arg-type]

    return alter


def _status(code: int) -> Liberty:
    return telling(
        f"page.error_status_{code}",
        BY,
        OPEN,
        f"an error page has status {code}",
        group=GROUP,
        page=_error_page(status=code),
    )


def _json(page: Response, csrf: str) -> Response:
    if csrf:
        return page
    headers = (("Content-Type", "application/json"), *less(page.headers, "Content-Type"))
    return replace(page, headers=headers, body=b'{"error": "invalid_request", "status": 400}')


def _plain(page: Response, csrf: str) -> Response:
    headers = (("Content-Type", "text/plain"), *less(page.headers, "Content-Type"))
    return page if csrf else replace(page, headers=headers, body=b"Something went wrong.")


def _attributes(page: Response, _csrf: str) -> Response:
    headers = (
        (name, f"{value}; Secure; SameSite=Lax; Max-Age=600" if name == "Set-Cookie" else value)
        for name, value in page.headers
    )
    return replace(page, headers=tuple(headers))


def _more_fields(page: Response, csrf: str) -> Response:
    more = b'<input type="checkbox" name="remember"><input type="hidden" name="t" value="1">'
    return replace(page, body=page.body.replace(b"<button", more + b"<button", 1)) if csrf else page


def _language_first(page: Response, csrf: str) -> Response:
    first = b'<form method="get" action="/lang"><select name="l"><option>en</select></form>'
    return replace(page, body=page.body.replace(b"<form", first + b"<form", 1)) if csrf else page


def _told_at_another_origin(routes: dict[str, Route], core: Core) -> dict[str, Route]:
    """The user is sent to a front end of the server's owner, which is not part of the target."""
    path = urlsplit(core.endpoint("authorization")).path
    route = routes[path]

    def answer(request: Request) -> Response:
        made = route.answer(request)
        if made.status < BAD:
            return made
        location = "https://accounts.example/error?error=invalid_request"
        return replace(made, status=303, headers=(("Location", location),), body=b"")

    return routes | {path: replace(route, answer=answer)}


SEARCH = b'<!doctype html><h1>Error</h1><form action="/search"><input type="search" name="q">'
SIGN_IN = b'<!doctype html><h1>Error</h1><p>Go back and try again, or <a href="/">sign in</a>.'
SCRIPTED = b'<!doctype html><div id="root"></div><script src="/app.js"></script>'


def _error_one_page_on(routes: dict[str, Route], core: Core) -> dict[str, Route]:
    """The user is sent on to a page of the server that tells the error."""
    path = urlsplit(core.endpoint("authorization")).path
    own = path.rpartition("/")[0] + "/error"
    route = routes[path]

    def answer(request: Request) -> Response:
        made = route.answer(request)
        if made.status < BAD:
            return made
        return replace(made, status=303, headers=(("Location", f"{own}?id=17"),), body=b"")

    def shown(_request: Request) -> Response:
        return Response(200, (("Content-Type", "text/html"),), b"<h1>Something went wrong</h1>")

    told = Route(shown, ("GET",), shared=False)
    return routes | {path: replace(route, answer=answer), own: told}


LIBERTIES = (
    *(_status(code) for code in (200, 401, 403, 404, 422)),
    telling(
        "page.error_script",
        BY,
        OPEN,
        "an error page is made by a script, with status 200",
        group=GROUP,
        page=_error_page(status=200, body=SCRIPTED),
    ),
    telling(
        "page.error_json",
        BY,
        OPEN,
        "an error is told to the browser as JSON",
        group=GROUP,
        page=_json,
    ),
    telling(
        "page.error_text",
        BY,
        OPEN,
        "an error is told to the browser as text",
        group=GROUP,
        page=_plain,
    ),
    telling(
        "page.framing_by_policy_alone",
        "RFC 9700 §4.16",
        "A Content-Security-Policy is the way that is named; the older header is one more.",
        "only a Content-Security-Policy forbids framing",
        page=lambda page, _csrf: replace(page, headers=less(page.headers, "X-Frame-Options")),
    ),
    telling(
        "page.cookies_with_attributes",
        "RFC 6265 §4.1.2",
        "A cookie may have attributes that say where and how long it is kept.",
        "cookies of pages are for secure connections of this site",
        page=_attributes,
    ),
    telling(
        "page.more_in_a_form",
        "OpenID Connect Core §3.1.2.3",
        "How a user is authenticated is beyond the scope of the specification.",
        "the login form has a box to be remembered, a hidden field, and a link",
        page=_more_fields,
    ),
    telling(
        "page.another_form_first",
        "OpenID Connect Core §3.1.2.3",
        "How a user is authenticated is beyond the scope of the specification.",
        "a form to choose a language stands before the login form",
        page=_language_first,
    ),
    telling(
        "page.error_with_a_search_form",
        BY,
        OPEN,
        "an error page has a form to search with, and links",
        group=GROUP,
        page=_error_page(body=SEARCH),
    ),
    telling(
        "page.error_with_a_way_to_sign_in",
        BY,
        OPEN,
        "an error page offers to sign in anew",
        group=GROUP,
        page=_error_page(body=SIGN_IN),
    ),
    telling(
        "page.error_one_page_on",
        BY,
        OPEN,
        "the user is sent to a page of the server that tells the error",
        group=GROUP,
        routes=_error_one_page_on,
    ),
    telling(
        "page.error_at_another_origin",
        BY,
        OPEN,
        "the user is sent to a page at another origin of the owner's that tells the error",
        group=GROUP,
        routes=_told_at_another_origin,
    ),
    telling(
        "page.policy_of_more_directives",
        "RFC 9700 §4.16",
        "A Content-Security-Policy is the way that is named; what else it says is left open.",
        "the policy of pages forbids framing among other things, by any case of letters",
        page=lambda page, _csrf: replace(
            page,
            headers=(
                *less(page.headers, "Content-Security-Policy"),
                ("Content-Security-Policy", "Default-Src 'self'; Frame-Ancestors 'NONE'"),
            ),
        ),
    ),
)
