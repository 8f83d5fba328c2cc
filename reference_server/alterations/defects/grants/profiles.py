"""What FAPI 2.0 forbids and plain OAuth does not: tokens in a query, clients without a key."""

from __future__ import annotations

from tokenspec.reference_server.alterations.building import nothing, subtle
from tokenspec.reference_server.alterations.defects.grants.reading import queried_token
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check, Guard
from tokenspec.reference_server.guards import client_authentication as client


def _if_shown(guard: Guard) -> Check:
    """The check of a guard, made on an assertion only where there is one."""

    def check(exchange: Exchange) -> None:
        if exchange.get("client_assertion"):
            guard.check(exchange)

    return check


DEFECTS: tuple[Alteration, ...] = (
    Alteration(
        "resource.query_token_unbound",
        "FAPI2SP-5.3.4-no_token_in_query",
        "a token in the query is taken, even one that is bound to a key",
        {"resource.bound_not_as_bearer": nothing},
        {"form_token": queried_token},
    ),
    subtle(
        "client.assertion_if_shown",
        "FAPI2SP-5.3.2.1-confidential_only",
        "a client's assertion is checked where one is shown, and not missed where none is",
        client__registered_method=nothing,
        client__assertion_type=_if_shown(client.assertion_type),
        client__assertion_signature=_if_shown(client.assertion_signature),
        client__assertion_issuer=_if_shown(client.assertion_issuer),
        client__assertion_audience=_if_shown(client.assertion_audience),
        client__assertion_expiry=_if_shown(client.assertion_expiry),
        client__assertion_replay=_if_shown(client.assertion_replay),
    ),
)
