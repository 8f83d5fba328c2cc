"""Pages that can be framed, load from elsewhere or say nothing, and forms sent on: RFC 9700 §4."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from tokenspec.reference_server.alterations.building import left_out, less
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.routes import Route
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.seams import Alter

SEE_OTHER, FOUND, POSTED_ON, BAD_REQUEST = 303, 302, 307, 400
FRAMING = ("X-Frame-Options", "Content-Security-Policy")


def _without(*names: str) -> Alter:
    return lambda page, _csrf: replace(page, headers=less(page.headers, *names))


def _elsewhere(page: Response, _csrf: str) -> Response:
    return replace(page, body=page.body + b'<img src="https://tracker.example/pixel.png">')


def _silent(page: Response, csrf: str) -> Response:
    return page if csrf else replace(page, body=b"")


def _shown_as_sent(routes: dict[str, Route], core: Core) -> dict[str, Route]:
    """An error page that shows address and state as they came."""
    path = urlsplit(core.endpoint("authorization")).path
    route = routes[path]

    def answer(request: Request) -> Response:
        made, sent = route.answer(request), dict(request.query)
        shown = f"<p>{sent.get('redirect_uri', '')} {sent.get('state', '')}</p>".encode()
        return replace(made, body=made.body + shown) if made.status >= BAD_REQUEST else made

    return routes | {path: replace(route, answer=answer)}


def _redirected(status: int) -> Alter:
    """The redirect that answers a form, by another status."""
    return lambda answer, _: (
        replace(answer, status=status) if answer.status == SEE_OTHER else answer
    )


DEFECTS: tuple[Alteration, ...] = (
    left_out(
        "pages.not_framed",
        "RFC9700-4.16-clickjacking",
        "no foreign site may frame a page",
        page=_without(*FRAMING),
    ),
    left_out(
        "page.not_framed",
        "OIDCC-3.1.2.3-csrf_clickjacking",
        "no page of another site frames a page",
        page=_without(*FRAMING),
    ),
    left_out(
        "pages.frame_ancestors",
        "RFC9700-4.16-csp",
        "a Content-Security-Policy forbids framing",
        page=_without("Content-Security-Policy"),
    ),
    left_out(
        "pages.own_content",
        "RFC9700-4.2.4-no_third_party_content",
        "a page loads nothing from elsewhere",
        page=_elsewhere,
    ),
    left_out(
        "pages.error_told",
        "RFC6749-3.1.2.4-invalid_redirect_inform",
        "an error page says something",
        page=_silent,
    ),
    left_out(
        "pages.input_as_text",
        "RFC6749-10.14-sanitize_input",
        "an error page shows what came in as text",
        routes=_shown_as_sent,
    ),
    left_out(
        "pages.password_not_sent_on",
        "RFC9700-4.12-no_307",
        "what was typed in is not sent on by status 307",
        login_answer=_redirected(POSTED_ON),
    ),
    left_out(
        "pages.answered_303",
        "RFC9700-4.12-use_303",
        "a form is answered with status 303",
        login_answer=_redirected(FOUND),
    ),
)
