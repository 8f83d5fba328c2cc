"""How a browser is sent back to the client: RFC 6749 §4.1.2."""

from __future__ import annotations

import re
from dataclasses import replace

from tokenspec.reference_server.alterations.building import having
from tokenspec.reference_server.alterations.liberties.model import telling
from tokenspec.reference_server.endpoints.callback import Answered
from tokenspec.reference_server.messages import Response

ESCAPE = re.compile("%[0-9A-F]{2}")
FOUND, SEE_OTHER = 302, 303
SUCCESS, FAILURE = "RFC 6749 §4.1.2", "RFC 6749 §4.1.2.1"


def _found(answer: Response, _about: Answered) -> Response:
    return replace(answer, status=FOUND)


def _see_other(answer: Response, _about: None) -> Response:
    return replace(answer, status=SEE_OTHER) if answer.status == FOUND else answer


def _reversed(fields: dict[str, str], _about: Answered) -> dict[str, str]:
    return dict(reversed(fields.items()))


def _undescribed(fields: dict[str, str], about: Answered) -> dict[str, str]:
    """Without description, unless the error has one of its own (RFC 7636 §4.4.1 asks for some)."""
    if about.error and about.error.told:
        return fields
    return {name: text for name, text in fields.items() if name != "error_description"}


def _success_alone(fields: dict[str, str], about: Answered, more: dict[str, str]) -> dict[str, str]:
    return fields if about.error else fields | more


def _small_escapes(location: str, _about: Answered) -> str:
    return ESCAPE.sub(lambda escape: escape[0].lower(), location)


LIBERTIES = (
    telling(
        "callback.status_302",
        "RFC 6749 §1.7",
        "Examples show status 302; any other way to redirect a browser will do.",
        "a browser that posted nothing is redirected with status 302",
        authorization_answer=_found,
        login_answer=_see_other,
    ),
    telling(
        "callback.other_order",
        "RFC 6749 §B",
        "Parameters are named; nothing gives them an order.",
        "the parameters of the answer come in another order",
        authorization_response=_reversed,
    ),
    telling(
        "callback.more_parameters",
        SUCCESS,
        "A client ignores parameters of the answer that it does not know.",
        "parameters of the server's own stand beside the code",
        authorization_response=lambda fields, about: _success_alone(
            fields, about, {"session_state": "4f1c.9b7e", "client_info": "e30"}
        ),
    ),
    telling(
        "callback.error_without_description",
        FAILURE,
        "error_description is optional.",
        "an error at the client's address has no description",
        authorization_error=_undescribed,
    ),
    telling(
        "callback.error_uri",
        FAILURE,
        "error_uri may name a page about the error.",
        "an error at the client's address names a page that explains it",
        authorization_error=having(error_uri="https://server.example/errors/400"),
    ),
    telling(
        "callback.spaces_as_percent_20",
        "RFC 3986 §2.1",
        "A space in a query may be written percent-encoded instead of as a plus sign.",
        "spaces in the answer are percent-encoded",
        location=lambda location, _about: location.replace("+", "%20"),
    ),
    telling(
        "callback.escapes_in_small_letters",
        "RFC 3986 §2.1",
        "The digits of a percent-encoding are the same in capital and small letters.",
        "percent-encodings in the answer have small letters",
        location=_small_escapes,
    ),
)
