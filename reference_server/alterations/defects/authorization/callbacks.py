"""Authorization responses that lack a parameter, or come back in a wrong way: RFC 6749 §4.1.2."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from tokenspec.reference_server.alterations.building import having, lacking, left_out, making
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.endpoints.callback import Answered, callback_address
from tokenspec.reference_server.errors import PUBLIC_TEXTS
from tokenspec.reference_server.messages import Response
from tokenspec.reference_server.seams import Alter

POSTED_ON = 307


def _lacking_in_error(name: str) -> Alter:
    def alter(fields: dict[str, str], about: Answered) -> dict[str, str]:
        return {n: v for n, v in fields.items() if n != name} if about.error else fields

    return alter


def _unexplained(cause: str) -> Alter:
    """The general text, where a refusal for this cause has one of its own."""

    def alter(fields: dict[str, str], about: Answered) -> dict[str, str]:
        if about.error is None or about.error.cause != cause:
            return fields
        return fields | {"error_description": PUBLIC_TEXTS["invalid_request"]}

    return alter


def _fragment(applies: Any) -> Alter:
    """The parameters put into the fragment, where it `applies`."""

    def alter(address: str, about: Answered) -> str:
        return f"{about.request.redirect_uri}#" if applies(about) else address

    return alter


def _query_dropped(_address: str, about: Answered) -> str:
    return callback_address(about.request.redirect_uri.split("?", maxsplit=1)[0])


def _code_twice(location: str, _about: Answered) -> str:
    return f"{location}&{urlencode({'code': 'another'})}"


def _posted_on(answer: Response, _about: Answered) -> Response:
    return replace(answer, status=POSTED_ON)


DEFECTS: tuple[Alteration, ...] = (
    left_out(
        "authorize.not_307",
        "OIDCC-16.22-no_307",
        "no form is posted on to the client",
        authorization_answer=_posted_on,
    ),
    left_out(
        "authorize.in_query",
        "OIDCC-3.1.2.5-code_in_query",
        "the code comes back in the query",
        callback=_fragment(lambda _about: True),
    ),
    left_out(
        "authorize.code_in_query",
        "RFC6749-4.1.2-code_in_query",
        "the code is put into the query",
        callback=_fragment(lambda about: about.error is None),
    ),
    left_out(
        "authorize.error_in_query",
        "RFC6749-4.1.2.1-error_in_query",
        "an error is put into the query",
        callback=_fragment(lambda about: about.error is not None),
    ),
    left_out(
        "authorize.query_kept",
        "RFC6749-3.1.2-redirect_query_retained",
        "the query of a redirect_uri is kept",
        callback=_query_dropped,
    ),
    left_out(
        "authorize.once",
        "RFC6749-3.1-duplicate_param",
        "no parameter comes twice",
        location=_code_twice,
    ),
    left_out(
        "authorize.state",
        "RFC6749-4.1.2-state_exact",
        "state comes back as it was sent",
        authorization_response=lacking("state"),
    ),
    left_out(
        "authorize.error_state",
        "RFC6749-4.1.2.1-state_in_error",
        "an error brings state back",
        authorization_response=_lacking_in_error("state"),
    ),
    left_out(
        "authorize.no_token",
        "RFC9700-2.1.2-no_token_in_authorization_response",
        "no token stands in a redirect",
        authorization_response=making(
            lambda _fields, about: {"access_token": about.request.core.random_text()}
        ),
    ),
    left_out(
        "authorize.iss",
        "RFC9207-2-iss_in_success",
        "every answer names the issuer",
        authorization_response=lacking("iss"),
    ),
    left_out(
        "authorize.iss_in_error",
        "RFC9207-2-iss_in_error",
        "an error names the issuer",
        authorization_response=_lacking_in_error("iss"),
    ),
    left_out(
        "authorize.iss_of_metadata",
        "RFC9207-2.3-iss_equals_metadata",
        "iss is the issuer of the metadata",
        authorization_response=having(iss="https://other.example"),
    ),
    left_out(
        "authorize.iss_plain",
        "RFC9207-2-iss_value",
        "iss has no query",
        authorization_response=making(
            lambda _fields, about: {"iss": f"{about.request.core.config.issuer}?tenant=1"}
        ),
    ),
    left_out(
        "authorize.error_charset",
        "RFC6749-4.1.2.1-error_charset",
        "a description has only the characters allowed",
        authorization_error=having(error_description='the "request" is malformed'),
    ),
    left_out(
        "authorize.error_uri_charset",
        "RFC6749-4.1.2.1-error_uri_charset",
        "an error_uri is a URI",
        authorization_error=having(error_uri='no "URI"'),
    ),
    left_out(
        "authorize.challenge_missing_explained",
        "RFC7636-4.4.1-challenge_missing_explained",
        "it is said that a challenge is needed",
        authorization_error=_unexplained("code challenge required"),
    ),
    left_out(
        "authorize.challenge_method_explained",
        "RFC7636-4.4.1-transform_unsupported_explained",
        "it is said that the method is not supported",
        authorization_error=_unexplained("transform algorithm not supported"),
    ),
)
