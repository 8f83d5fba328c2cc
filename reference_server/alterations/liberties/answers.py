"""How JSON answers are written, declared and numbered: RFC 6749 §5, RFC 8259."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tokenspec.reference_server.alterations.building import having, lacking, less
from tokenspec.reference_server.alterations.liberties.model import telling
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.answers import METHOD_NOT_ALLOWED, Refused
from tokenspec.reference_server.endpoints.issuing import Issued
from tokenspec.reference_server.endpoints.routes import Route
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.guards import code
from tokenspec.reference_server.messages import Headers, Refusal, Request, Response
from tokenspec.reference_server.seams import Alter

UNAUTHORIZED = 401
MEMBER = re.compile(r'([{,]\s*)"([a-z])')
OAUTH_JSON, JSON_SPACE, JSON_ORDER = "RFC 6749 §5.1", "RFC 8259 §2", "RFC 8259 §4"


def _declared(media_type: str) -> Alter:
    def alter(headers: Headers, _refusal: Refusal | None) -> Headers:
        return (("Content-Type", media_type), *less(headers, "Content-Type"))

    return alter


def _indented(text: str, _refusal: Refusal | None) -> str:
    return json.dumps(json.loads(text), indent=2)


def _escaped(text: str, _refusal: Refusal | None) -> str:
    return text.replace("/", "\\/")


def _reversed(text: str, _refusal: Refusal | None) -> str:
    content = json.loads(text)
    turned = dict(reversed(content.items())) if isinstance(content, dict) else content
    return json.dumps(turned)


def _as_client_sent(error: OAuthError, about: Refused) -> OAuthError:
    """Status 400 for a client that did not use the Authorization header."""
    exchange = about.exchange
    in_header = exchange.request.header("Authorization") or exchange.at_resource
    body = error.status == UNAUTHORIZED and not in_header
    return OAuthError(error.error, error.cause, 400, error.told) if body else error


def _uncached(headers: Headers, refusal: Refusal | None) -> Headers:
    return less(headers, "Cache-Control", "Pragma") if refusal else headers


def _charset(headers: Headers, _about: Refused) -> Headers:
    return tuple(
        (name, f'{value}, charset="UTF-8"') if value.startswith("Basic") else (name, value)
        for name, value in headers
    )


def _more_headers(answer: Response, _exchange: object) -> Response:
    more = (
        ("Vary", "Origin"),
        ("X-Request-Id", "4f1c"),
        ("Strict-Transport-Security", "max-age=1"),
    )
    return replace(answer, headers=(*answer.headers, *more))


def _with_cookie(answer: Response, _about: object) -> Response:
    cookie = ("Set-Cookie", "node=b2; Path=/; Secure; HttpOnly; SameSite=None")
    return replace(answer, headers=(*answer.headers, cookie))


def _private(headers: Headers, _refusal: Refusal | None) -> Headers:
    return (*less(headers, "Cache-Control"), ("Cache-Control", "no-cache, no-store, private"))


def _text(of: str) -> dict[str, Any]:
    return {"error_description": of}


def _letters_escaped(text: str, _refusal: Refusal | None) -> str:
    """The first letter of each member's name written as an escape."""
    return MEMBER.sub(lambda found: f'{found[1]}"\\u{ord(found[2]):04x}', text)


def _small_names(routes: dict[str, Route], _core: Core) -> dict[str, Route]:
    """Every header of every answer with its name in small letters."""

    def lowered(answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
        def answered(request: Request) -> Response:
            made = answer(request)
            named = tuple((name.lower(), value) for name, value in made.headers)
            return replace(made, headers=named)

        return answered

    return {path: replace(route, answer=lowered(route.answer)) for path, route in routes.items()}


def _directive_any_case(headers: Headers, _refusal: Refusal | None) -> Headers:
    return (*less(headers, "Cache-Control"), ("Cache-Control", "No-Store"))


def _in_two_headers(headers: Headers, _refusal: Refusal | None) -> Headers:
    own = less(headers, "Cache-Control")
    return (*own, ("Cache-Control", "no-cache"), ("Cache-Control", "no-store"))


def _scope_turned(body: dict[str, Any], _about: Issued) -> dict[str, Any]:
    words = " ".join(reversed(body.get("scope", "").split()))
    return body | ({"scope": words} if words else {})


def _redirect_uri_missing(error: OAuthError, about: Refused) -> OAuthError:
    if about.guard.name != code.redirect_uri_present.name:
        return error
    return OAuthError("invalid_request", error.cause, error.status)


def _method_refused(error: OAuthError, _about: Refused) -> OAuthError:
    return OAuthError(error.error, error.cause) if error.status == METHOD_NOT_ALLOWED else error


LIBERTIES = (
    telling(
        "answers.charset",
        OAUTH_JSON,
        "The example of a token response declares a charset beside the media type.",
        "the media type of JSON has a charset",
        group="media type",
        json_headers=_declared("application/json;charset=UTF-8"),
    ),
    telling(
        "answers.media_type_any_case",
        "RFC 9110 §8.3.1",
        "Type and subtype are compared without regard to case.",
        "the media type of JSON is written in other letters",
        group="media type",
        json_headers=_declared("Application/JSON; charset=utf-8"),
    ),
    telling(
        "answers.indented",
        JSON_SPACE,
        "White space may stand before and after each structural character.",
        "JSON is indented",
        json_text=_indented,
    ),
    telling(
        "answers.ends_in_newline",
        JSON_SPACE,
        "White space may stand after the value.",
        "a line break stands behind the JSON",
        json_text=lambda text, _refusal: f"{text}\n",
    ),
    telling(
        "answers.slashes_escaped",
        "RFC 8259 §7",
        "Any character may be escaped; a slash by a reverse solidus.",
        "slashes in JSON are escaped",
        json_text=_escaped,
    ),
    telling(
        "answers.other_order",
        JSON_ORDER,
        "The members of an object have no order.",
        "the members of JSON come in another order",
        json_text=_reversed,
    ),
    telling(
        "answers.several_cache_directives",
        "RFC 9111 §5.2",
        "A Cache-Control header is a list of directives.",
        "no-store stands among other directives for caches",
        group="caching",
        json_headers=_private,
    ),
    telling(
        "answers.more_headers",
        "RFC 9110 §5.1",
        "New header fields may be defined and sent; whoever does not know one ignores it.",
        "a token response has headers nobody asked for",
        token_answer=_more_headers,
    ),
    telling(
        "response.more_members",
        OAUTH_JSON,
        "A client ignores names in a response that it does not know.",
        "a token response has members of its own",
        token_response=having(ext_expires_in=3600, not_before_policy=0, session_state="4f1c"),
    ),
    telling(
        "response.token_type_any_case",
        OAUTH_JSON,
        "The value of token_type is case-insensitive.",
        "token_type is written in small letters",
        token_response=lambda body, _about: body | {"token_type": body["token_type"].lower()},
    ),
    telling(
        "error.no_description",
        "RFC 6749 §5.2",
        "error_description is optional.",
        "an error has no description",
        group="description",
        error_body=lacking("error_description"),
    ),
    telling(
        "error.other_words",
        "RFC 6749 §5.2",
        "A description is text for developers; what it says is left to the server.",
        "an error has the same description, whatever it is about",
        group="description",
        error_body=having(**_text("Bad request")),
    ),
    telling(
        "error.uri",
        "RFC 6749 §5.2",
        "error_uri may name a page about the error.",
        "an error names a page that explains it",
        error_body=having(error_uri="https://server.example/errors/400"),
    ),
    telling(
        "error.more_members",
        "RFC 6749 §8.5",
        "What errors say can be extended by further members.",
        "an error has members of its own",
        error_body=having(error_hint="look at the log", status_code=400, trace_id="4f1c"),
    ),
    telling(
        "error.invalid_client_400",
        "RFC 6749 §5.2",
        "Status 401 is a must only for credentials in the Authorization header.",
        "credentials in the body that fail are answered with status 400",
        error=_as_client_sent,
    ),
    telling(
        "error.kept_by_caches",
        "RFC 6749 §5.2",
        "Of an error, unlike a success, nothing about caching is demanded.",
        "an error says nothing to caches",
        json_headers=_uncached,
    ),
    telling(
        "error.challenge_charset",
        "RFC 7617 §2.1",
        "A challenge for Basic may say the charset that is expected.",
        "a challenge for Basic has a charset",
        error_headers=_charset,
    ),
    telling(
        "answers.letters_escaped",
        "RFC 8259 §7",
        "Any character may be escaped.",
        "the names of members in JSON begin with an escape",
        json_text=_letters_escaped,
    ),
    telling(
        "answers.header_names_in_small_letters",
        "RFC 9110 §5.1",
        "The name of a header is compared without regard to case.",
        "the names of all headers are written in small letters",
        routes=_small_names,
    ),
    telling(
        "answers.cache_directive_any_case",
        "RFC 9111 §5.2",
        "Directives for caches are compared without regard to case.",
        "no-store is written with capitals",
        group="caching",
        json_headers=_directive_any_case,
    ),
    telling(
        "answers.cache_directives_in_two_headers",
        "RFC 9110 §5.3",
        "Headers of one name may stand apart or be one list.",
        "no-cache and no-store stand in a header each",
        group="caching",
        json_headers=_in_two_headers,
    ),
    telling(
        "answers.parameter_quoted",
        "RFC 9110 §5.6.6",
        "The value of a parameter may be quoted, and white space may stand beside the semicolon.",
        "the media type of JSON has a quoted parameter",
        group="media type",
        json_headers=_declared('application/json ; charset="utf-8"'),
    ),
    telling(
        "response.members_of_any_type",
        OAUTH_JSON,
        "A client ignores names in a response that it does not know.",
        "a token response has members that are numbers, objects and lists",
        token_response=having(
            refresh_expires_in=1800, authorization_details=[], info={"a": [1, True]}
        ),
    ),
    telling(
        "response.scope_in_another_order",
        "RFC 6749 §3.3",
        "The order of the words of scope does not matter.",
        "scope is told in another order than it was asked for",
        token_response=_scope_turned,
    ),
    telling(
        "response.lifetime_one_second_less",
        OAUTH_JSON,
        "expires_in counts from when the response was made.",
        "expires_in is a second less than the token lives",
        token_response=lambda body, _about: body | {"expires_in": body["expires_in"] - 1},
    ),
    telling(
        "error.redirect_uri_missing_invalid_request",
        "RFC 6749 §5.2",
        "invalid_request is for a request that lacks a required parameter.",
        "a missing redirect_uri is an invalid_request",
        error=_redirect_uri_missing,
    ),
    telling(
        "error.method_400",
        "RFC 6749 §5.2",
        "An error has status 400 unless said otherwise.",
        "a token request by another method than POST is refused with status 400",
        error=_method_refused,
    ),
    telling(
        "error.long_description",
        "RFC 6749 §5.2",
        "A description is text for developers; what it says is left to the server.",
        "an error has a description of two thousand characters",
        group="description",
        error_body=having(**_text("See the log of the server, line 17; " * 57)),
    ),
    telling(
        "answers.cookies",
        "RFC 6265 §3",
        "Any response may have a Set-Cookie header.",
        "answers of the token endpoint set a cookie, as load balancers do",
        token_answer=_with_cookie,
        error_answer=_with_cookie,
    ),
)
