"""Revocation (RFC 7009) and introspection (RFC 7662): what clients do with tokens they hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.answers import json_answer, refuse
from tokenspec.reference_server.exchange import Exchange, read_exchange
from tokenspec.reference_server.grants import CLIENT_AUTHENTICATION, MANAGED
from tokenspec.reference_server.guarding import Failed, run
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.seams import Seam, seam
from tokenspec.reference_server.store import Token


class Ends(Enum):
    """What a revocation ends."""

    NOTHING = "nothing"
    TOKEN = "the token alone"
    GRANT = "every token of the grant"


@dataclass(frozen=True, slots=True)
class Managed:
    """A request about a token; None where the server never issued it."""

    exchange: Exchange
    token: Token | None


ENDS: Seam[Ends, Managed] = seam("ends", "what a revocation ends")
REVOCATION_ANSWER: Seam[Response, Managed] = seam("revocation_answer", "the answer of revocation")
INTROSPECTION: Seam[dict[str, Any], Managed] = seam(
    "introspection", "what introspection tells of a token"
)


class ManagingEndpoints:
    """Answers revocation and introspection."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def revoke(self, request: Request) -> Response:
        """RFC 7009 §2.1: a refresh token takes its grant with it."""
        core, exchange = self.core, read_exchange(self.core, request, "revocation")
        try:
            run((*MANAGED, *CLIENT_AUTHENTICATION), exchange, core.checks)
        except Failed as failed:
            return refuse(exchange, failed)
        managed = Managed(exchange, core.store.token(exchange.get("token")))
        ends = core.tell(ENDS, _ends(managed), managed)
        if managed.token and ends is Ends.GRANT:
            core.store.revoke_family(managed.token.grant.family)
        if managed.token and ends is Ends.TOKEN:
            core.store.retire_token(managed.token.value)
        answer = Response(200, (("Cache-Control", "no-store"),))
        return core.tell(REVOCATION_ANSWER, answer, managed)

    def introspect(self, request: Request) -> Response:
        """RFC 7662 §2.2: a client may ask of its own tokens."""
        core, exchange = self.core, read_exchange(self.core, request, "introspection")
        try:
            run((*MANAGED, *CLIENT_AUTHENTICATION), exchange, core.checks)
        except Failed as failed:
            return refuse(exchange, failed)
        managed = Managed(exchange, core.store.token(exchange.get("token")))
        token = managed.token
        told = described(core, token) if token and good(managed) else {"active": False}
        return json_answer(core, 200, core.tell(INTROSPECTION, told, managed))


def end_of(token: Token) -> Ends:
    """What ends with a token (RFC 7009 §2.1)."""
    return Ends.GRANT if token.kind == "refresh" else Ends.TOKEN


def _ends(managed: Managed) -> Ends:
    """RFC 7009 §2.1: a token of another client is none of this one's business; §2.2: no error."""
    return end_of(managed.token) if managed.token and own(managed) else Ends.NOTHING


def own(managed: Managed) -> bool:
    """Whether the token is the client's own."""
    client, token = managed.exchange.client, managed.token
    return client is None or token is None or token.grant.client_id == client.client_id


def living(managed: Managed) -> bool:
    """Whether the token is active and has not expired."""
    token = managed.token
    return token is not None and token.active and token.expires_at > managed.exchange.now


def good(managed: Managed) -> bool:
    """Whether the client may know that the token is active."""
    return living(managed) and own(managed)


def described(core: Core, token: Token) -> dict[str, Any]:
    """What is told of an active token (RFC 7662 §2.2, RFC 9449 §6.2)."""
    told: dict[str, Any] = {
        "active": True,
        "client_id": token.grant.client_id,
        "scope": " ".join(token.grant.scope),
        "sub": token.grant.sub,
        "iss": core.config.issuer,
        "exp": int(token.expires_at),
    }
    if token.grant.audience:
        told["aud"] = token.grant.audience
    if token.kind == "access":
        told["token_type"] = "DPoP" if token.jkt else "Bearer"
    if token.jkt:
        told["cnf"] = {"jkt": token.jkt}
    return told
