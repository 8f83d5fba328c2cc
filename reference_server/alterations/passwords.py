"""A server that knows the grant `password`, whatever it makes of it (RFC 6749 §4.3)."""

from __future__ import annotations

from tokenspec.reference_server.errors import invalid_grant
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check
from tokenspec.reference_server.guards import client_authentication as client
from tokenspec.reference_server.guards import request

PASSWORD = "password"  # the name of the grant


def asks(exchange: Exchange) -> bool:
    """Whether tokens are asked for by a user's password."""
    return exchange.get("grant_type") == PASSWORD


def called_wrong(exchange: Exchange) -> None:
    """Whatever the password is, it is wrong; of other grants the client is asked as ever."""
    if asks(exchange):
        raise invalid_grant("wrong password")
    client.grant_allowed.check(exchange)


def known(allowed: Check) -> dict[str, Check]:
    """Guards that know the grant; `allowed` is asked whether the client may use it."""

    def grant_type_known(exchange: Exchange) -> None:
        if not asks(exchange):
            request.grant_type_known.check(exchange)

    return {request.grant_type_known.name: grant_type_known, client.grant_allowed.name: allowed}
