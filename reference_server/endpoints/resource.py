"""A resource that access tokens open, as every API is one: RFC 6749 §7."""

from __future__ import annotations

from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.answers import challenge, json_answer
from tokenspec.reference_server.exchange import read_exchange
from tokenspec.reference_server.grants import RESOURCE
from tokenspec.reference_server.guarding import Failed, run
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.nonces import next_nonce


class ResourceEndpoint:
    """Answers for the resource."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def answer(self, request: Request) -> Response:
        """A request with an access token."""
        core, exchange = self.core, read_exchange(self.core, request, "resource")
        try:
            run(RESOURCE, exchange, core.checks)
        except Failed as failed:
            return challenge(exchange, failed)
        return json_answer(core, 200, {"items": []}, next_nonce(exchange))
