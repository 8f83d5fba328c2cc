"""Token requests read too loosely or too strictly: RFC 6749 §3.2, §4.1.3."""

from __future__ import annotations

import re
from collections.abc import Callable

from tokenspec.reference_server.alterations.building import nothing, subtle
from tokenspec.reference_server.alterations.defects.grants.reading import query_counts
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.alterations.shared import json_counts
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.errors import OAuthError, invalid_request
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check
from tokenspec.reference_server.guards import request as shape

FORM, LONG = "application/x-www-form-urlencoded", 8192


def _grant_type_any_case(exchange: Exchange) -> None:
    shown = exchange.get("grant_type").lower()
    if shown not in {"authorization_code", "refresh_token"}:
        raise invalid_request(f"grant_type {shown!r}")
    exchange.values["grant_type"] = shown


def _code_grant_only(exchange: Exchange) -> None:
    if exchange.get("grant_type") != "authorization_code":
        raise OAuthError("unsupported_grant_type", "only codes")


def _default_grant_type(exchange: Exchange) -> None:
    exchange.values.setdefault("grant_type", "authorization_code")


def _no_unknown_parameters(exchange: Exchange) -> None:
    if any(name.startswith("tokenspec_") for name, _ in exchange.parameters):
        raise invalid_request("unknown parameter")


def _no_lower_case(exchange: Exchange) -> None:
    if re.search(rb"%[0-9A-F]?[a-f]", exchange.request.body):
        raise invalid_request("percent-encoding in lower case")


def _scope_demanded(request: Authorization) -> None:
    if not request.get("scope"):
        raise OAuthError("server_error", "no scope")


def _known_resource(agrees: Callable[[str, str], bool]) -> Check:
    """The look-up of a resource, made by `agrees(shown, known)`."""

    def check(request: Authorization) -> None:
        known = [api.audience for api in request.core.config.apis]
        shown = [value for name, value in request.parameters if name == "resource"]
        if not all(any(agrees(value, audience) for audience in known) for value in shown):
            raise OAuthError("invalid_target", "unknown resource")

    return check


def _one_resource(request: Authorization) -> None:
    if len(request.parameters) != len({name for name, _ in request.parameters}):
        raise invalid_request("repeated parameter")


def _media_type(agrees: Callable[[str], bool]) -> Check:
    """The check of the media type, made on the header as it was sent."""

    def check(exchange: Exchange) -> None:
        shown = exchange.request.header("Content-Type")
        if not agrees(shown):
            raise OAuthError("invalid_request", f"content type {shown!r}", 415)

    return check


def _fails_where(broken: Callable[[Exchange], bool]) -> Check:
    """A reading of the form that breaks."""

    def check(exchange: Exchange) -> None:
        if broken(exchange):
            raise OAuthError("server_error", "the form could not be read", 500)
        shape.form_encoded.check(exchange)

    return check


def _repeats_overlooked(where: Callable[[Exchange, str], bool]) -> Check:
    """The check for repeated parameters, less those `where` it does not look."""

    def check(exchange: Exchange) -> None:
        names = [name for name, _ in exchange.parameters if not where(exchange, name)]
        if len(names) != len(set(names)):
            raise invalid_request("repeated parameter")

    return check


def _code_means_code_grant(exchange: Exchange) -> None:
    if exchange.get("code"):
        exchange.values["grant_type"] = "authorization_code"
    shape.grant_type_known.check(exchange)


def _client_credentials(exchange: Exchange) -> None:
    if exchange.get("grant_type") != "client_credentials":
        shape.grant_type_known.check(exchange)
    elif exchange.client is not None:
        exchange.values["grant_type"] = "authorization_code"  # stands in for tokens of its own


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "request.lower_case_refused",
        "RFC6749-B-utf8_then_percent",
        "percent-encoding in lower case is refused",
        request__no_repeats=_no_lower_case,
    ),
    subtle(
        "request.charset_refused",
        "RFC6749-4.1.3-form_encoded_utf8",
        "a form whose media type has a charset is refused",
        request__form_encoded=_media_type(lambda shown: shown.lower() == FORM),
    ),
    subtle(
        "request.media_type_one_case",
        "RFC6749-4.1.3-form_encoded_utf8",
        "the media type is compared letter by letter",
        request__form_encoded=_media_type(lambda shown: shown.startswith(FORM)),
    ),
    subtle(
        "request.multipart_breaks",
        "RFC6749-5.2-invalid_request-malformed",
        "a form in parts makes the server fail",
        request__form_encoded=_fails_where(
            lambda exchange: exchange.request.header("Content-Type").startswith("multipart/")
        ),
    ),
    subtle(
        "request.long_parameter_breaks",
        "RFC6749-3.2-unknown_param_ignored",
        "an unknown parameter that is long makes the server fail",
        request__form_encoded=_fails_where(
            lambda exchange: any(
                len(value) > LONG for name, value in exchange.parameters if "unknown" in name
            )
        ),
    ),
    subtle(
        "request.repeats_at_refresh",
        "RFC6749-3.2-duplicate_param",
        "repeated parameters are looked for in code exchanges alone",
        request__no_repeats=_repeats_overlooked(
            lambda exchange, _name: exchange.get("grant_type") == "refresh_token"
        ),
    ),
    subtle(
        "request.repeats_of_assertions",
        "RFC6749-3.2-duplicate_param",
        "of several assertions the first counts",
        request__no_repeats=_repeats_overlooked(lambda _, name: name == "client_assertion"),
    ),
    subtle(
        "request.code_means_code_grant",
        "RFC6749-5.2-unsupported_grant_type",
        "a request that holds a code is a code exchange, whatever grant it names",
        request__grant_type_known=_code_means_code_grant,
    ),
    subtle(
        "request.client_credentials_for_all",
        "RFC6749-4.4-confidential_only",
        "the client credentials grant needs no credentials",
        request__grant_type_known=_client_credentials,
    ),
    subtle(
        "request.declared_as_anything",
        "RFC6749-4.1.3-content_type_required",
        "a form is read whatever it is declared as",
        request__form_encoded=nothing,
    ),
    subtle(
        "authorize.scope_demanded",
        "RFC6749-3.3-default_or_invalid_scope",
        "a request without scope is a server error",
        authorize__scope_form=_scope_demanded,
    ),
    subtle(
        "authorize.scope_any_character",
        "RFC6749-3.3-syntax",
        "a scope may hold any character",
        authorize__scope_form=nothing,
    ),
    subtle(
        "authorize.resource_fragment_cut",
        "RFC8707-2-no_fragment",
        "the fragment of a resource is cut off before it is looked up",
        authorize__resource_known=_known_resource(lambda a, b: a.split("#")[0] == b),
    ),
    subtle(
        "authorize.resource_relative",
        "RFC8707-2-absolute_uri",
        "a resource may be a word",
        authorize__resource_known=_known_resource(lambda a, b: "/" not in a or a == b),
    ),
    subtle(
        "authorize.one_resource",
        "RFC8707-2-multiple_allowed",
        "a second resource is a repeated parameter",
        authorize__no_repeats=_one_resource,
    ),
    subtle(
        "request.grant_type_any_case",
        "RFC6749-5.2-unsupported_grant_type",
        "the grant type is read without case",
        request__grant_type_known=_grant_type_any_case,
    ),
    subtle(
        "request.no_refresh",
        "RFC6749-6-success_as_5_1",
        "refresh tokens are issued and never taken",
        request__grant_type_known=_code_grant_only,
    ),
    subtle(
        "request.grant_type_assumed",
        "RFC6749-4.1.3-grant_type_required",
        "a missing grant_type is taken for authorization_code",
        request__grant_type_present=_default_grant_type,
    ),
    subtle(
        "request.unknown_refused",
        "RFC6749-3.2-unknown_param_ignored",
        "an unknown token parameter is refused",
        request__no_repeats=_no_unknown_parameters,
    ),
    Alteration(
        "request.get_accepted",
        "RFC6749-3.2-post_only",
        "tokens are given for GET, parameters in the query",
        {"request.method_post": nothing, "request.form_encoded": nothing},
        {"parameters": query_counts},
    ),
    Alteration(
        shape.form_encoded.name,
        shape.form_encoded.requirement,
        f"left out: {shape.form_encoded.summary}",
        {shape.form_encoded.name: nothing},
        {"parameters": json_counts},
    ),
)
