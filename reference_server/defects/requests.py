"""Token requests read too loosely or too strictly: RFC 6749 §3.2, §4.1.3."""

from __future__ import annotations

from reference_server.defects.building import nothing, subtle
from reference_server.errors import OAuthError, invalid_request
from reference_server.exchange import Exchange
from reference_server.guarding import Defect


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


DEFECTS: tuple[Defect, ...] = (
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
    subtle(
        "request.get_accepted",
        "RFC6749-3.2-post_only",
        "tokens are given for GET, parameters in the query",
        request__method_post=nothing,
        request__form_encoded=nothing,
    ),
)
