"""Revocation and introspection that answer wrongly: RFC 7009, RFC 7662."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tokenspec.reference_server.alterations.building import (
    having,
    making,
    nothing,
    subtle,
    telling,
)
from tokenspec.reference_server.alterations.lookups import token_of
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.endpoints.managing import Managed
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check
from tokenspec.reference_server.guards import client_authentication as client
from tokenspec.reference_server.guards import managing, request

KNOWN_HINTS = ("", "access_token", "refresh_token")


def _except_at(endpoint: str, check: Check) -> Check:
    """The check everywhere but at one endpoint."""

    def elsewhere(exchange: Exchange) -> None:
        if exchange.endpoint != endpoint:
            check(exchange)

    return elsewhere


def _wrong_secret_is_400(exchange: Exchange) -> None:
    try:
        client.secret.check(exchange)
    except OAuthError as error:
        raise OAuthError("invalid_request", error.cause, 400) from error


def _any_bearer(check: Check) -> Check:
    """The check, but for who shows any bearer token at introspection."""

    def unless_bearer(exchange: Exchange) -> None:
        if exchange.endpoint != "introspection" or exchange.scheme != "bearer":
            check(exchange)

    return unless_bearer


def _query_counts_at(endpoint: str) -> Check:
    """GET is answered there, and the query taken for the form."""

    def check(exchange: Exchange) -> None:
        if exchange.endpoint != endpoint or exchange.request.method != "GET":
            request.method_post.check(exchange)
            request.form_encoded.check(exchange)
            return
        exchange.values.update(dict(exchange.request.query))
        stated = exchange.core.config.client(exchange.get("client_id"))
        exchange.client = exchange.client or stated

    return check


def _known_hints_only(exchange: Exchange) -> None:
    managing.token_present.check(exchange)
    if exchange.get("token_type_hint") not in KNOWN_HINTS:
        raise OAuthError("unsupported_token_type", "unknown hint")


def _no_hints(exchange: Exchange) -> None:
    managing.token_present.check(exchange)
    if exchange.endpoint == "revocation" and exchange.get("token_type_hint"):
        raise OAuthError("invalid_request", "a hint")


def _introspection(
    name: str,
    requirement: str,
    summary: str,
    alter: Callable[[dict[str, Any], Any], dict[str, Any]],
) -> Alteration:
    return telling(f"introspect.{name}", requirement, summary, introspection=alter)


def _hint_believed(told: dict[str, Any], about: Managed) -> dict[str, Any]:
    token, hint = about.token, about.exchange.get("token_type_hint")
    wrong = token and hint and hint != f"{token.kind}_token"
    return {"active": False} if wrong else told


def _by_hint_alone(told: dict[str, Any], about: Managed) -> dict[str, Any]:
    hinted = about.exchange.get("token_type_hint") == "refresh_token"
    missed = about.token and about.token.kind == "refresh" and not hinted
    return {"active": False} if missed else told


def _first_half(told: dict[str, Any], about: Managed) -> dict[str, Any]:
    shown = about.exchange.get("token")
    found = token_of(about.exchange.core.store, _begins(shown))
    return {"active": True} if found and found.active and len(shown) > 1 else told


def _any_case(told: dict[str, Any], about: Managed) -> dict[str, Any]:
    shown = about.exchange.get("token").lower()
    found = token_of(about.exchange.core.store, lambda value: value.lower() == shown)
    return {"active": True} if found and found.active else told


def _code_is_token(told: dict[str, Any], about: Managed) -> dict[str, Any]:
    code = about.exchange.core.store.code(about.exchange.get("token"))
    return {"active": True} if code else told


def _says_why(told: dict[str, Any], _about: Managed) -> dict[str, Any]:
    return told if told["active"] else told | {"error": "invalid_token"}


def _scope_list(told: dict[str, Any], _about: Managed) -> dict[str, Any]:
    return told | ({"scope": told["scope"].split()} if "scope" in told else {})


def _in_milliseconds(told: dict[str, Any], _about: Managed) -> dict[str, Any]:
    return told | ({"exp": told["exp"] * 1000} if "exp" in told else {})


def _replaced_is_active(told: dict[str, Any], about: Managed) -> dict[str, Any]:
    token = about.token
    replaced = token and not token.active and token.kind == "refresh"
    return {"active": True} if replaced else told


def _client_by_name(told: dict[str, Any], _about: Managed) -> dict[str, Any]:
    return told | ({"client_id": "an application"} if "client_id" in told else {})


def _begins(shown: str) -> Callable[[str], bool]:
    half = shown[: len(shown) // 2]
    return lambda value: bool(half) and value.startswith(half)


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "revoke.unauthenticated",
        "RFC7009-2.1-client_auth",
        "who revokes is not authenticated",
        client__secret=_except_at("revocation", client.secret.check),
    ),
    subtle(
        "revoke.unknown_hint_refused",
        "RFC7009-2.2-invalid_hint_no_effect",
        "an unknown token_type_hint is an error",
        managing__token_present=_known_hints_only,
    ),
    subtle(
        "revoke.hints_refused",
        "RFC7009-2.1-hint_allowed",
        "a token_type_hint is an error, whatever it says",
        managing__token_present=_no_hints,
    ),
    subtle(
        "revoke.get_accepted",
        "RFC7009-2.1-post_form",
        "GET revokes as well",
        request__method_post=_query_counts_at("revocation"),
        request__form_encoded=nothing,
    ),
    subtle(
        "introspect.get_accepted",
        "RFC7662-4-get_may_be_refused",
        "GET is answered as well",
        request__method_post=_query_counts_at("introspection"),
        request__form_encoded=nothing,
    ),
    subtle(
        "introspect.anybody",
        "RFC7662-2.1-authorization_required",
        "who asks is not authenticated",
        client__registered_method=_except_at("introspection", client.registered_method.check),
        client__secret=_except_at("introspection", client.secret.check),
    ),
    subtle(
        "introspect.wrong_secret_400",
        "RFC7662-2.3-bad_credentials_401",
        "wrong credentials are called a malformed request",
        client__secret=_wrong_secret_is_400,
    ),
    subtle(
        "introspect.any_bearer",
        "RFC7662-2.3-bad_bearer_401",
        "any bearer token lets ask",
        client__known=_any_bearer(client.known.check),
        client__registered_method=_any_bearer(client.registered_method.check),
    ),
    _introspection(
        "hint_believed",
        "RFC7662-2.1-hint_extends_search",
        "a token is looked for only as what the hint says",
        _hint_believed,
    ),
    _introspection(
        "refresh_token_by_hint",
        "RFC7662-2.1-hint_extends_search",
        "a refresh token is found where the hint says that it is one",
        _by_hint_alone,
    ),
    telling(
        "introspect.audience_of_issuer",
        "RFC8707-2-audience_restrict",
        "introspection tells the issuer as the audience of every token",
        introspection=making(lambda told, _about: {"aud": told["iss"]} if "iss" in told else {}),
    ),
    _introspection(
        "first_half", "RFC7662-4-checks_state", "half a token is enough to be active", _first_half
    ),
    _introspection(
        "any_case",
        "RFC7662-4-checks_state",
        "a token is found whatever the case of its letters",
        _any_case,
    ),
    _introspection("code", "RFC7662-4-checks_state", "a code is an active token", _code_is_token),
    _introspection(
        "says_why", "RFC7662-2.2-inactive_no_details", "it is told why a token is dead", _says_why
    ),
    _introspection("scope_list", "RFC7662-2.2-member_types", "scope is an array", _scope_list),
    _introspection(
        "milliseconds", "RFC7662-2.2-member_types", "exp is in milliseconds", _in_milliseconds
    ),
    _introspection(
        "client_by_name",
        "RFC7662-2.2-may_differ",
        "the client is told by a name in place of its client_id",
        _client_by_name,
    ),
    _introspection(
        "replaced_active",
        "RFC7662-4-checks_state",
        "a refresh token that was replaced or revoked is active",
        _replaced_is_active,
    ),
    telling(
        "introspect.active_text",
        "RFC7662-2.2-active_boolean",
        "active is a text",
        introspection=having(active="true"),
    ),
)
