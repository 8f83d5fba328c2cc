"""How a browser is sent back to the client: RFC 6749 §4.1.2."""

from __future__ import annotations

import re
from dataclasses import replace

from tokenspec.reference_server.alterations.building import having, lacking
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


def _with_a_note(answer: Response, _about: Answered) -> Response:
    note = b'<!doctype html><title>Found</title><a href="#">Go on</a>'
    headers = (*answer.headers, ("Content-Type", "text/html; charset=utf-8"))
    return replace(answer, headers=headers, body=note)


def _escaped(location: str, _about: Answered) -> str:
    """The unreserved characters of the answer percent-encoded, those of the address left."""
    address, mark, query = location.partition("code=")
    query, hash_mark, fragment = query.partition("#")
    for sign, escape in (("-", "%2D"), ("_", "%5F"), (".", "%2E")):
        query = query.replace(sign, escape)
    return address + mark + query + hash_mark + fragment


def _state_made_up(fields: dict[str, str], about: Answered) -> dict[str, str]:
    return fields if "state" in fields else fields | {"state": about.request.core.random_text()}


def _without_issuer(fields: dict[str, str], _about: Answered) -> dict[str, str]:
    return {name: text for name, text in fields.items() if name != "iss"}


LIBERTIES = (
    telling(
        "callback.status_302",
        "RFC 6749 §1.7",
        "Examples show status 302; any other way to redirect a browser will do.",
        "a browser that posted nothing is redirected with status 302",
        forbidden_by=("oauth-2.1", "fapi-2.0"),
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
            fields,
            about,
            {"session_state": "4f1c.9b7e", "client_info": "e30", "nonce": "9b7e", "max_age": "1"},
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
    telling(
        "callback.fragment_behind",
        "RFC 9700 §4.1.3",
        "An arbitrary fragment may be attached to addresses in Location headers.",
        "a fragment stands behind the answer, so that a browser attaches none",
        location=lambda location, _about: f"{location}#end",
    ),
    telling(
        "callback.with_a_note",
        "RFC 9110 §15.4.3",
        "The content of a redirect is usually a short note with a link.",
        "a redirect has a page as its body",
        authorization_answer=_with_a_note,
    ),
    telling(
        "callback.unreserved_escaped",
        "RFC 3986 §2.3",
        "Addresses that differ in the percent-encoding of unreserved characters are equivalent.",
        "hyphen, underscore and full stop in the answer are percent-encoded",
        location=_escaped,
    ),
    telling(
        "callback.scope_told",
        SUCCESS,
        "A client ignores parameters of the answer that it does not know.",
        "what was granted, and of which account, stands beside the code",
        authorization_response=lambda fields, about: _success_alone(
            fields, about, {"scope": about.request.get("scope"), "authuser": "0", "prompt": "none"}
        ),
    ),
    telling(
        "callback.state_made_up",
        SUCCESS,
        "state is required where the request has it; of other requests nothing is said.",
        "a request without state gets one back",
        authorization_response=_state_made_up,
    ),
    telling(
        "callback.no_issuer",
        "RFC 9207 §3",
        "Without the member of the metadata, the server does not support iss in its answers.",
        "the answer does not name the issuer, and the metadata does not say it does",
        forbidden_by=("fapi-2.0",),
        authorization_response=_without_issuer,
        metadata=lacking("authorization_response_iss_parameter_supported"),
    ),
)
