"""Refresh tokens that serve too many, too often or too much: RFC 6749 §6, RFC 9700 §4.14.2."""

from __future__ import annotations

from collections.abc import Callable

from tokenspec.reference_server.alterations.building import nothing, subtle
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.errors import OAuthError, invalid_grant
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check, Guard
from tokenspec.reference_server.guards import client_authentication as client
from tokenspec.reference_server.guards import code, refresh, targets
from tokenspec.reference_server.policies import setting
from tokenspec.reference_server.store import Token

LONG, FAILURE = 4096, 500
KNOWN_SCOPE = {"openid", "profile", "email", "offline_access"}
AUTHENTICATION: tuple[Guard, ...] = (
    client.registered_method,
    client.secret,
    client.assertion_signature,
    client.assertion_expiry,
)


def _older(exchange: Exchange, token: Token | None) -> bool:
    """Whether the token was replaced, and not as the last of its family."""
    if token is None or token.active:
        return False
    return not exchange.core.store.replaced_since(token, 0)


def _as_old_as_now(exchange: Exchange) -> bool:
    """Whether such a token was issued in this very second, by the clock's whole ones."""
    token = exchange.refresh_token
    if token is None or not _older(exchange, token):
        return False
    issued = token.expires_at - exchange.core.policy.refresh_token_lifetime
    return int(issued) == int(exchange.now)


def _unless_of_this_second(guard: Guard) -> Check:
    def check(exchange: Exchange) -> None:
        if not _as_old_as_now(exchange):
            guard.check(exchange)

    return check


def _unless_older(guard: Guard) -> Check:
    def check(exchange: Exchange) -> None:
        if not _older(exchange, exchange.refresh_token):
            guard.check(exchange)

    return check


def _older_ends_nothing(exchange: Exchange) -> None:
    if _older(exchange, exchange.refresh_token):
        raise invalid_grant("refresh_token used before")
    refresh.active.check(exchange)


def _used_up(exchange: Exchange) -> None:
    if exchange.refresh_token:
        exchange.core.store.retire_token(exchange.refresh_token.value, exchange.now)


def _bound(applies: Callable[[Exchange], bool]) -> Check:
    def check(exchange: Exchange) -> None:
        if applies(exchange):
            refresh.of_this_client.check(exchange)

    return check


def _of_the_client_named(exchange: Exchange) -> None:
    token, named = exchange.refresh_token, exchange.get("client_id")
    if token and named != token.grant.client_id:
        refresh.of_this_client.check(exchange)


def _token_for_code(exchange: Exchange) -> None:
    token = exchange.core.store.token(exchange.get("code"))
    if token is None or token.kind != "refresh" or not token.active:
        code.issued.check(exchange)
        return
    exchange.values |= {"grant_type": "refresh_token", "refresh_token": token.value}


def _only_known_scope(exchange: Exchange) -> None:
    token, asked = exchange.refresh_token, set(exchange.get("scope").split())
    if token and not asked & KNOWN_SCOPE <= set(token.grant.scope):
        raise OAuthError("invalid_scope", "scope wider than granted")


def _scope_as_invalid_grant(exchange: Exchange) -> None:
    try:
        refresh.scope_not_wider.check(exchange)
    except OAuthError as error:
        raise invalid_grant(error.cause) from error


def _fails_where(shown: Callable[[str], bool]) -> Check:
    """A look-up of the refresh token that breaks on some values."""

    def check(exchange: Exchange) -> None:
        if shown(exchange.get("refresh_token")):
            raise OAuthError("server_error", "the database failed", FAILURE)
        refresh.issued.check(exchange)

    return check


def _not_at_refresh(guard: Guard) -> Check:
    def check(exchange: Exchange) -> None:
        if exchange.get("grant_type") != "refresh_token":
            guard.check(exchange)

    return check


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "refresh.told_apart_by_the_second",
        "RFC9700-4.14.2-rotation_replay_refused",
        "a token replaced twice over works again in the second it was issued in",
        refresh__active=_unless_of_this_second(refresh.active),
        refresh__consumed_once=_unless_of_this_second(refresh.consumed_once),
    ),
    Alteration(
        "refresh.never_replaced",
        "RFC9700-2.2.2-refresh_public_protected",
        "a refresh token of a client without a secret is good again and again",
        configures=setting(rotate_refresh_tokens=False),
    ),
    subtle(
        "refresh.older_generation_lives",
        "RFC9700-4.14.2-rotation_replay_refused",
        "only the refresh token replaced last is known to be dead",
        refresh__active=_unless_older(refresh.active),
        refresh__consumed_once=_unless_older(refresh.consumed_once),
    ),
    subtle(
        "refresh.older_generation_ends_nothing",
        "RFC9700-4.14.2-rotation_replay_revokes_family",
        "only the reuse of the refresh token replaced last ends the family",
        refresh__active=_older_ends_nothing,
    ),
    subtle(
        "refresh.bound_to_public_clients_only",
        "RFC6749-6-bound_to_client",
        "a client that authenticates may use the refresh tokens of others",
        refresh__of_this_client=_bound(lambda exchange: exchange.public),
    ),
    subtle(
        "refresh.bound_to_confidential_clients_only",
        "RFC6749-6-bound_to_client",
        "a client without a secret may use the refresh tokens of others",
        refresh__of_this_client=_bound(lambda exchange: not exchange.public),
    ),
    subtle(
        "refresh.bound_to_the_name_sent",
        "RFC6749-6-bound_to_client",
        "a refresh token is for the client named in the body, whichever authenticated",
        client__id_agrees=nothing,
        refresh__of_this_client=_of_the_client_named,
    ),
    subtle(
        "refresh.not_authenticated",
        "RFC6749-6-client_auth_required",
        "clients authenticate for codes alone",
        **{guard.name.replace(".", "__"): _not_at_refresh(guard) for guard in AUTHENTICATION},
    ),
    subtle(
        "refresh.any_resource",
        "RFC8707-2.2-token_request_subset",
        "a refresh may name any resource",
        token__resource_granted=_not_at_refresh(targets.resource_granted),
    ),
    subtle(
        "refresh.taken_for_code",
        "RFC6749-4.1.3-code_valid",
        "a refresh token is taken where a code is due",
        code__issued=_token_for_code,
    ),
    subtle(
        "refresh.unknown_scope_granted",
        "RFC6749-6-scope_not_exceeded",
        "a word of scope that the server does not know is granted at a refresh",
        refresh__scope_not_wider=_only_known_scope,
    ),
    subtle(
        "refresh.scope_reported_as_grant",
        "RFC6749-5.2-invalid_scope",
        "too wide a scope is reported as invalid_grant",
        refresh__scope_not_wider=_scope_as_invalid_grant,
    ),
    subtle(
        "refresh.long_token_breaks",
        "RFC6749-6-validate_token",
        "a refresh token that is too long for its column makes the server fail",
        refresh__issued=_fails_where(lambda shown: len(shown) > LONG),
    ),
    subtle(
        "refresh.bytes_break",
        "RFC6749-6-validate_token",
        "a refresh token that is not text makes the server fail",
        refresh__issued=_fails_where(lambda shown: "\N{REPLACEMENT CHARACTER}" in shown),
    ),
    subtle(
        "refresh.used_up",
        "FAPI2SP-5.3.2.1-no_refresh_rotation",
        "a refresh token is good once, and no other comes of it",
        refresh__consumed_once=_used_up,
    ),
)
