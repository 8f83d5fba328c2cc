"""Error responses that have a member wrong, or a status or header: RFC 6749 §5.2."""

from __future__ import annotations

from dataclasses import replace

from tokenspec.reference_server.alterations.building import (
    having,
    lacking,
    left_out,
    less,
    making,
    without_headers,
)
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.endpoints.answers import Refused
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.messages import Response

QUOTED = {"error_description": 'the "grant" is not valid'}
NO_URI = 'no "URI"'


def _as_preferred(answer: Response, about: Refused) -> Response:
    if "text/html" not in about.exchange.request.header("Accept"):
        return answer
    kept = less(answer.headers, "Content-Type", "Cache-Control", "Pragma")
    return replace(answer, headers=(("Content-Type", "text/html"), *kept))


def _as_success(answer: Response, about: Refused) -> Response:
    return replace(answer, status=200) if about.exchange.endpoint == "token" else answer


def _always_400(error: OAuthError, about: Refused) -> OAuthError:
    """Status 400 also where credentials stood in the Authorization header."""
    exchange = about.exchange
    if error.status != 401 or not exchange.basic or exchange.at_resource:  # noqa: PLR2004
        return error
    return OAuthError(error.error, error.cause, 400, error.told)


def _assertion_malformed(error: OAuthError, about: Refused) -> OAuthError:
    """A refused client assertion told as a fault of the request."""
    if not about.guard.name.startswith("client.assertion"):
        return error
    return OAuthError("invalid_request", error.cause, 400, error.told)


def _said_to_all(error: OAuthError, about: Refused) -> OAuthError:
    """Who showed no token is told that it is invalid."""
    if error.error or not about.exchange.at_resource:
        return error
    return OAuthError("invalid_token", error.cause, error.status)


def _error_for_bearer_alone(parameters: dict[str, str], _about: Refused) -> dict[str, str]:
    for_dpop = "algs" in parameters
    return {n: text for n, text in parameters.items() if n != "error" or not for_dpop}


DEFECTS: tuple[Alteration, ...] = (
    left_out(
        "error.member",
        "RFC6749-5.2-error_member",
        "an error has its code",
        error_body=lacking("error"),
    ),
    left_out(
        "error.code_known",
        "RFC6749-5.2-error_member",
        "an error has a code of the section",
        error_body=making(lambda body, _about: {"error": body["error"].replace("_", "-")}),
    ),
    left_out(
        "error.status_400",
        "RFC6749-5.2-status_400",
        "a refusal has the status of one",
        error_answer=_as_success,
    ),
    left_out(
        "error.code_charset",
        "RFC6749-5.2-error_charset",
        "a code has only the characters allowed",
        error_body=making(lambda body, _about: {"error": f'"{body["error"]}"'}),
    ),
    left_out(
        "error.description_charset",
        "RFC6749-5.2-error_description_charset",
        "a description has only the characters allowed",
        error_body=having(**QUOTED),
    ),
    left_out(
        "error.texts",
        "RFC6749-5.2-error_members_text",
        "what an error says is text",
        error_body=making(
            lambda body, _about: {"error_description": {"text": body["error_description"]}}
        ),
    ),
    left_out(
        "error.uri_charset",
        "RFC6749-5.2-error_uri_syntax",
        "an error_uri is a URI",
        error_body=having(error_uri=NO_URI),
    ),
    left_out(
        "error.no_token",
        "RFC6749-5.2-status_400",
        "an error holds no token",
        error_body=making(
            lambda _body, about: {"refresh_token": about.exchange.core.random_text()}
        ),
    ),
    left_out(
        "error.no_echo",
        "RFC6749-5.2-description_content",
        "an error repeats no secret that was sent",
        error_body=making(
            lambda _body, about: {"error_description": f"wrong code {about.exchange.get('code')}"}
        ),
    ),
    left_out(
        "error.json_always",
        "RFC6749-5.2-json_media_type",
        "an error is declared as JSON whatever the request prefers",
        error_answer=_as_preferred,
    ),
    left_out(
        "response.www_authenticate",
        "RFC6749-5.2-invalid_client-www_authenticate",
        "a 401 names the authentication scheme",
        error_headers=without_headers("WWW-Authenticate"),
    ),
    left_out(
        "client.status_401",
        "RFC6749-5.2-invalid_client-401_for_header",
        "credentials that fail in the Authorization header get status 401",
        error=_always_400,
    ),
    left_out(
        "client.assertion_refusal_named",
        "RFC7523-3.2-invalid_client",
        "a refused assertion is told as invalid_client",
        error=_assertion_malformed,
    ),
    left_out(
        "resource.no_error_without_credentials",
        "RFC6750-3.1-no_error_without_credentials",
        "who showed nothing is told no error",
        error=_said_to_all,
    ),
    left_out(
        "resource.algs_told",
        "RFC9449-7.1-challenge_algs",
        "a challenge for DPoP lists algorithms",
        challenge_parameters=lacking("algs"),
    ),
    left_out(
        "resource.error_told",
        "RFC9449-7.1-challenge_error",
        "a challenge for DPoP says what was wrong",
        challenge_parameters=_error_for_bearer_alone,
    ),
    left_out(
        "resource.challenge",
        "RFC6750-3-www_authenticate",
        "a protected resource that refuses says how to be asked",
        challenge=lambda _values, _about: (),
    ),
)
