"""What a refresh token has to fulfil when it is used."""

from __future__ import annotations

from tokenspec.reference_server.errors import OAuthError, invalid_grant
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import guard
from tokenspec.reference_server.store import Token


@guard("refresh.issued", "RFC6749-5.2-invalid_grant")
def issued(exchange: Exchange) -> None:
    """RFC 6749 §5.2: the refresh token is one the server issued."""
    if exchange.refresh_token is None:
        raise invalid_grant("unknown refresh_token")


@guard("refresh.of_this_client", "RFC6749-6-bound_to_client")
def of_this_client(exchange: Exchange) -> None:
    """RFC 6749 §6: the refresh token was issued to the client that shows it."""
    token, client = exchange.refresh_token, exchange.client
    if token and client and token.grant.client_id != client.client_id:
        raise invalid_grant("refresh_token of another client")


@guard("refresh.active", "RFC9700-4.14.2-rotation_replay_revokes_family")
def active(exchange: Exchange) -> None:
    """RFC 9700 §4.14.2: a rotated token is dead; one shown again kills its family."""
    token = exchange.refresh_token
    if token and not token.active and not in_overlap(exchange, token):
        exchange.core.store.revoke_family(token.grant.family)
        raise invalid_grant("refresh_token used before or revoked")


@guard("refresh.unexpired", "RFC6749-6-validate_token")
def unexpired(exchange: Exchange) -> None:
    """RFC 6749 §6: a refresh token may expire."""
    token = exchange.refresh_token
    if token and token.expires_at <= exchange.now:
        raise invalid_grant("refresh_token expired")


@guard("refresh.scope_not_wider", "RFC6749-6-scope_not_exceeded")
def scope_not_wider(exchange: Exchange) -> None:
    """RFC 6749 §6: the scope asked for is within the one granted."""
    token = exchange.refresh_token
    if token and not set(exchange.get("scope").split()) <= set(token.grant.scope):
        raise OAuthError("invalid_scope", "scope wider than granted")


@guard("refresh.consumed_once", "RFC9700-4.14.2-rotation_replay_refused")
def consumed_once(exchange: Exchange) -> None:
    """RFC 9700 §4.14.2: of several uses at once, one wins.

    It is the last guard, so that only what nothing else refuses is consumed.
    """
    token = exchange.refresh_token
    if not token or not rotates(exchange) or in_overlap(exchange, token):
        return
    if not exchange.core.store.retire_token(token.value, exchange.now):
        raise invalid_grant("refresh_token used at the same time")


def rotates(exchange: Exchange) -> bool:
    """Whether a refresh by this client replaces the refresh token (RFC 9700 §2.2.2)."""
    policy = exchange.core.policy
    return policy.rotate_refresh_tokens and (exchange.public or policy.rotate_with_credentials)


def in_overlap(exchange: Exchange, token: Token) -> bool:
    """Whether a replaced token still works for a while, as the policy may have it."""
    overlap = exchange.core.policy.rotation_overlap
    moment = exchange.now - overlap
    return overlap > 0 and exchange.core.store.replaced_since(token, moment)
