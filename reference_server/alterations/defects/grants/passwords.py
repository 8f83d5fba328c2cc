"""Passwords that clients may show for their users: RFC 9700 §2.4 has the grant not used."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from tokenspec.reference_server.alterations.building import making
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.alterations.passwords import (
    PASSWORD,
    asks,
    called_wrong,
    known,
)
from tokenspec.reference_server.errors import invalid_grant
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check
from tokenspec.reference_server.guards import client_authentication as client

NOT_OFFERED = "RFC9700-2.4-no_password_grant"


def _taken(public: bool) -> Check:  # noqa: FBT001 - which clients may use it
    """A right password brings what the user last let the client have."""

    def check(exchange: Exchange) -> None:
        if not asks(exchange) or exchange.public is not public:
            client.grant_allowed.check(exchange)
            return
        user = exchange.core.config.user(exchange.get("username"))
        right = user.password if user else ""
        if not hmac.compare_digest(exchange.get("password").encode(), right.encode()):
            raise invalid_grant("wrong password")
        name = exchange.client.client_id if exchange.client else ""
        own = (c.value for c in exchange.core.store.codes() if c.grant.client_id == name)
        exchange.values["code"] = next(own, "")

    return check


def _listed(content: Mapping[str, Any], _about: object) -> dict[str, Any]:
    listed = content.get("grant_types_supported", [])
    return {"grant_types_supported": [*listed, PASSWORD]}


DEFECTS: tuple[Alteration, ...] = (
    Alteration(
        "request.password_grant_for_confidential",
        NOT_OFFERED,
        "a right password buys tokens for clients with credentials",
        known(_taken(public=False)),
    ),
    Alteration(
        "request.password_grant_for_public",
        NOT_OFFERED,
        "a right password buys tokens for clients without credentials",
        known(_taken(public=True)),
    ),
    Alteration(
        "request.password_grant_listed",
        NOT_OFFERED,
        "the metadata lists the password grant, and a made-up user is told of a wrong password",
        known(called_wrong),
        {"metadata": making(_listed)},
    ),
)
