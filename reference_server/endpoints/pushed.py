"""The endpoint for pushed authorization requests: RFC 9126, with DPoP RFC 9449 §10.1."""

from __future__ import annotations

from typing import Any

from tokenspec.reference_server.authorization import Authorization, read_request_object
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.answers import json_answer, refuse
from tokenspec.reference_server.exchange import Exchange, read_exchange
from tokenspec.reference_server.grants import PUSHED, PUSHED_REQUEST
from tokenspec.reference_server.guarding import Failed, run
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.nonces import next_nonce
from tokenspec.reference_server.seams import Seam, seam
from tokenspec.reference_server.store import Pushed

CREATED = 201
URN = "urn:ietf:params:oauth:request_uri:"
APART = ("client_secret", "client_assertion", "client_assertion_type", "request_uri")
REQUEST_URI: Seam[str, Exchange] = seam("request_uri", "a new request_uri")
KEPT: Seam[Pushed, Exchange] = seam("pushed_request", "a pushed request as it is kept")
PUSHED_RESPONSE: Seam[dict[str, Any], Pushed] = seam(
    "pushed_response", "the members of the answer to a pushed request (RFC 9126 §2.2)"
)
PUSHED_ANSWER: Seam[Response, Exchange] = seam(
    "pushed_answer", "the answer to a pushed request as a whole"
)


class PushedEndpoint:
    """Answers pushed authorization requests."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def answer(self, request: Request) -> Response:
        """RFC 9126 §2.1: the client, then what it asks for, as the authorization endpoint does."""
        core, exchange = self.core, read_exchange(self.core, request, "par")
        try:
            run(PUSHED, exchange, core.checks)
            run(PUSHED_REQUEST, _asked(exchange), core.checks)
        except Failed as failed:
            return refuse(exchange, failed)
        pushed = core.tell(KEPT, kept(exchange), exchange)
        core.store.add_pushed(pushed)
        body = {"request_uri": pushed.value, "expires_in": core.policy.request_uri_lifetime}
        body = core.tell(PUSHED_RESPONSE, body, pushed)
        answer = json_answer(core, CREATED, body, next_nonce(exchange))
        return core.tell(PUSHED_ANSWER, answer, exchange)


def _asked(exchange: Exchange) -> Authorization:
    """The authorization request that was pushed."""
    asked = Authorization(exchange.core, exchange.parameters, exchange.now, exchange.client)
    asked.values, asked.pushing = _values(exchange), True
    read_request_object(asked)
    return asked


def _values(exchange: Exchange) -> dict[str, str]:
    """§2.1: what authenticates the client is no part of what is asked for, nor a request_uri."""
    return {name: value for name, value in exchange.values.items() if name not in APART}


def kept(exchange: Exchange) -> Pushed:
    """What is kept of a request; RFC 9449 §10.1: a proof counts as its dpop_jkt."""
    core, values = exchange.core, _values(exchange)
    if exchange.jkt:
        values["dpop_jkt"] = exchange.jkt
    return Pushed(
        value=core.tell(REQUEST_URI, URN + core.random_text(), exchange),
        client_id=exchange.get("client_id"),
        parameters=tuple(values.items()),
        expires_at=exchange.now + core.policy.request_uri_lifetime,
    )
