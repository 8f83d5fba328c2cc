"""Refresh tokens that came without the scope offline_access, kept with less care than others."""

from __future__ import annotations

from tokenspec.reference_server.alterations.building import subtle, telling
from tokenspec.reference_server.alterations.defects.grants.replays import token_marked_late
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.endpoints.managing import Ends, Managed
from tokenspec.reference_server.errors import invalid_grant
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check, Guard
from tokenspec.reference_server.guards import binding, code, refresh
from tokenspec.reference_server.store import Grant

OFFLINE = "offline_access"


def _online(grant: Grant | None) -> bool:
    return grant is not None and OFFLINE not in grant.scope


def _but_online(guard: Guard, otherwise: Check | None = None) -> Check:
    """The check of a guard, which a refresh token without offline_access is spared."""

    def check(exchange: Exchange) -> None:
        token = exchange.refresh_token
        if not _online(token.grant if token else None):
            guard.check(exchange)
        elif otherwise is not None:
            otherwise(exchange)

    return check


def _online_codes_refused_alone(exchange: Exchange) -> None:
    """A used code is refused; where it had no offline_access, its tokens live on."""
    shown = exchange.code
    if shown and _online(shown.grant) and shown.used:
        raise invalid_grant("code used before")
    code.unused.check(exchange)


def _online_lives_on(ends: Ends, managed: Managed) -> Ends:
    token = managed.token
    online = token is not None and token.kind == "refresh" and _online(token.grant)
    return Ends.NOTHING if online else ends


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "refresh.online_replay_accepted",
        "RFC9700-4.14.2-rotation_replay_refused",
        "a replaced refresh token without offline_access goes on working",
        refresh__active=_but_online(refresh.active),
        refresh__consumed_once=_but_online(refresh.consumed_once),
    ),
    subtle(
        "refresh.online_check_then_act",
        "RFC9700-4.14.2-rotation_replay_refused",
        "a refresh token without offline_access is looked up first and replaced a while later",
        refresh__consumed_once=_but_online(refresh.consumed_once, token_marked_late),
    ),
    subtle(
        "refresh.online_of_any_client",
        "RFC6749-6-bound_to_client",
        "a refresh token without offline_access serves any client",
        refresh__of_this_client=_but_online(refresh.of_this_client),
    ),
    subtle(
        "refresh.online_any_scope",
        "RFC6749-6-scope_not_exceeded",
        "a refresh token without offline_access buys whatever scope is asked for",
        refresh__scope_not_wider=_but_online(refresh.scope_not_wider),
    ),
    subtle(
        "refresh.online_any_key",
        "RFC9449-5-refresh_same_key",
        "a refresh token without offline_access is taken with a proof of any key",
        dpop__refresh_key=_but_online(binding.refresh_key),
    ),
    telling(
        "revocation.online_lives_on",
        "RFC7009-2.1-immediate",
        "a refresh token without offline_access outlives its revocation",
        ends=_online_lives_on,
    ),
    subtle(
        "code.online_replay_spares",
        "RFC6749-4.1.2-code_reuse_revokes_refresh_token",
        "a code used twice does not end a refresh token without offline_access",
        code__unused=_online_codes_refused_alone,
    ),
)
