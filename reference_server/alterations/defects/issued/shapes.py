"""Token and error responses of another shape than laid down: RFC 6749 §5.1, §5.2, RFC 8259."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tokenspec.reference_server.alterations.building import having, making, telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.endpoints.answers import Refused
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.messages import Headers, Refusal, Response
from tokenspec.reference_server.seams import Alter

ACCEPTED = 202
R_TYPES, R_JSON = "RFC6749-5.1-json_types", "RFC6749-5.1-json_media_type"
R_STORED, R_MEMBER = "RFC6749-5.1-cache_control_no_store", "RFC6749-5.2-error_member"
R_TEXT = "RFC6749-5.2-error_description_charset"


def _header(name: str, value: str) -> Alter:
    """Another value of a header of JSON answers, but for refusals."""

    def alter(headers: Headers, refusal: Refusal | None) -> Headers:
        if refusal is not None:
            return headers
        return tuple((n, value if n == name else v) for n, v in headers)

    return alter


def _latin_1(answer: Response, _exchange: Exchange) -> Response:
    text = answer.body.decode()
    return replace(answer, body=f'{text[:-1]}, "note": "g\u00fcltig"}}'.encode("latin-1"))


def _second_object(answer: Response, _exchange: Exchange) -> Response:
    return replace(answer, body=answer.body + b"{}")


def _error(change: Any) -> Alter:
    """The code of an error, made by `change(code)`."""
    return making(lambda body, _about: {"error": change(body["error"])})


def _echoing(name: str) -> Alter:
    def alter(body: dict[str, Any], about: Refused) -> dict[str, Any]:
        return body | {"error_description": f"{name} {about.exchange.get(name)}"}

    return alter


def _response(name: str, requirement: str, summary: str, **members: Any) -> Alteration:
    return telling(f"response.{name}", requirement, summary, token_response=having(**members))


def _declared(name: str, requirement: str, summary: str, header: str, value: str) -> Alteration:
    return telling(f"response.{name}", requirement, summary, json_headers=_header(header, value))


DEFECTS: tuple[Alteration, ...] = (
    _response("expires_in_fraction", R_TYPES, "expires_in has a fraction", expires_in=3599.5),
    _response("expires_in_null", R_TYPES, "expires_in is null", expires_in=None),
    _response(
        "expires_in_milliseconds",
        "RFC6750-5.3-short_lived",
        "expires_in counts milliseconds",
        expires_in=3_600_000,
    ),
    _response(
        "access_token_empty", "RFC6749-5.1-access_token", "access_token is empty", access_token=""
    ),
    _response(
        "access_token_object",
        "RFC6749-5.1-access_token",
        "access_token is an object",
        access_token={"value": "a", "scope": "b"},
    ),
    _response(
        "token_type_mac", "RFC6749-5.1-token_type", "the type of a token is mac", token_type="mac"
    ),
    _response(
        "token_type_empty", "RFC6749-5.1-token_type", "the type of a token is empty", token_type=""
    ),
    telling(
        "response.scope_list",
        R_TYPES,
        "scope is an array of words",
        token_response=making(lambda body, _about: {"scope": body.get("scope", "").split()}),
    ),
    _declared("text_json", R_JSON, "a success is text/json", "Content-Type", "text/json"),
    _declared(
        "javascript", R_JSON, "a success is text/javascript", "Content-Type", "text/javascript"
    ),
    _declared(
        "own_media_type",
        R_JSON,
        "a success has a media type of the vendor's",
        "Content-Type",
        "application/vnd.server+json",
    ),
    _declared(
        "revalidated", R_STORED, "a success may be stored", "Cache-Control", "no-cache, max-age=0"
    ),
    _declared("private", R_STORED, "a success may be stored here", "Cache-Control", "private"),
    telling(
        "response.status_202",
        "RFC6749-5.1-status_200",
        "a success has status 202",
        token_answer=lambda answer, _exchange: replace(answer, status=ACCEPTED),
    ),
    telling(
        "response.latin_1",
        "RFC8259-8.1-utf8",
        "a response is encoded in ISO 8859-1",
        token_answer=_latin_1,
    ),
    telling(
        "response.second_object",
        "RFC8259-2-one_value",
        "a second JSON object stands behind the first",
        token_answer=_second_object,
    ),
    telling(
        "error.nested",
        R_MEMBER,
        "the code of an error stands in an object",
        error_body=_error(lambda code: {"code": code, "status": 400}),
    ),
    telling(
        "error.number",
        R_MEMBER,
        "the code of an error is a number",
        error_body=_error(lambda _code: 400),
    ),
    telling("error.in_capitals", R_MEMBER, "codes are in capitals", error_body=_error(str.upper)),
    telling(
        "error.in_words",
        R_MEMBER,
        "codes of errors are words",
        error_body=_error(lambda code: code.replace("_", " ").title()),
    ),
    telling(
        "error.in_one_word",
        R_MEMBER,
        "codes of errors have no underscore",
        error_body=_error(lambda code: code.title().replace("_", "")),
    ),
    telling(
        "error.description_of_lines",
        R_TEXT,
        "a description has several lines",
        error_body=having(error_description="invalid grant\nat line 1"),
    ),
    telling(
        "error.description_in_german",
        R_TEXT,
        "a description has letters outside ASCII",
        error_body=having(error_description="ung\u00fcltig"),
    ),
    telling(
        "error.description_escaped",
        R_TEXT,
        "a description has a backslash",
        error_body=having(error_description="invalid\\grant"),
    ),
    telling(
        "error.echoes_verifier",
        "RFC6749-5.2-description_content",
        "an error repeats the verifier that was sent",
        error_body=_echoing("code_verifier"),
    ),
    telling(
        "error.with_access_token",
        "RFC6749-5.2-status_400",
        "an error holds an access token",
        error_body=making(lambda _body, about: {"access_token": about.exchange.core.random_text()}),
    ),
)
