"""Userinfo: what an access token lets its bearer know of the user (OpenID Connect Core §5.3)."""

from __future__ import annotations

from typing import Any

from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.answers import challenge, json_answer
from tokenspec.reference_server.endpoints.claims import user_claims
from tokenspec.reference_server.exchange import Exchange, read_exchange
from tokenspec.reference_server.grants import USERINFO as GUARDS
from tokenspec.reference_server.guarding import Failed, run
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.nonces import next_nonce
from tokenspec.reference_server.seams import Seam, seam

USERINFO: Seam[dict[str, Any], Exchange] = seam("userinfo", "the claims that userinfo tells")
USERINFO_ANSWER: Seam[Response, Exchange] = seam("userinfo_answer", "the answer of userinfo")
NOBODY = "nobody"  # where no guard asked for a token


class UserinfoEndpoint:
    """Answers userinfo."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def answer(self, request: Request) -> Response:
        """A request with an access token."""
        core, exchange = self.core, read_exchange(self.core, request, "userinfo")
        try:
            run(GUARDS, exchange, core.checks)
        except Failed as failed:
            return challenge(exchange, failed)
        token = exchange.shown_token
        told = user_claims(core, token.grant) if token else {}
        told["sub"] = token.grant.sub if token else NOBODY
        told = core.tell(USERINFO, told, exchange)
        answer = json_answer(core, 200, told, next_nonce(exchange))
        return core.tell(USERINFO_ANSWER, answer, exchange)
