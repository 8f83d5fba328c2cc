"""What a user is shown where nothing is redirected: RFC 6749 §4.1.2.1 leaves it open."""

from __future__ import annotations

from dataclasses import replace

from tokenspec.reference_server.alterations.building import less
from tokenspec.reference_server.alterations.liberties.model import Liberty, telling
from tokenspec.reference_server.messages import Response
from tokenspec.reference_server.seams import Alter

GROUP = "error page"
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


LIBERTIES = (
    *(_status(code) for code in (401, 403, 404, 422)),
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
)
