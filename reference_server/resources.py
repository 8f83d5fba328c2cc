"""What lies behind a token: userinfo, revocation, introspection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from reference_server.exchange import Exchange, read_exchange
from reference_server.grants import CLIENT_AUTHENTICATION, MANAGED, RESOURCE
from reference_server.guarding import Failed, Guard, behaviour, run
from reference_server.messages import Request, Response
from reference_server.store import Token
from reference_server.tokens import user_claims

if TYPE_CHECKING:
    from reference_server.server import Server

REVOKES = behaviour("revoke.kills", "RFC7009-2.1-immediate", "a revoked token is dead")
HINT_IS_ONLY_A_HINT = behaviour(
    "revoke.hint_is_a_hint",
    "RFC7009-2.1-hint_extends_search",
    "a token is found whatever token_type_hint says",
)
UNKNOWN_IS_FINE = behaviour(
    "revoke.unknown_is_fine", "RFC7009-2.2-invalid_token_200", "revoking nothing is no error"
)
TELLS_STATE = behaviour(
    "introspect.inactive", "RFC7662-2.2-inactive", "a token that is not good is inactive"
)
TELLS_ACTIVE = behaviour(
    "introspect.active", "RFC7662-2.2-active_boolean", "a good token is active"
)
USERINFO_SUB = behaviour("userinfo.sub", "OIDCC-5.3.2-sub", "userinfo tells sub")


class Resources:
    """Answers the endpoints that tokens are shown to."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def userinfo(self, request: Request) -> Response:
        """OpenID Connect Core §5.3."""
        exchange = self._read(request, "userinfo")
        try:
            run(RESOURCE, exchange, self.server.defects)
        except Failed as failed:
            return self.server.challenge(exchange, failed)
        token = exchange.shown_token
        told: dict[str, Any] = user_claims(self.server, token.grant) if token else {}
        if self.server.behaves(USERINFO_SUB):
            told["sub"] = token.grant.sub if token else ""
        return self.server.json(200, told or {"name": ""}, self.server.next_nonce(exchange))

    def revoke(self, request: Request) -> Response:
        """RFC 7009: a refresh token takes its family with it."""
        exchange = self._read(request, "revocation")
        failed = self._managed(exchange, CLIENT_AUTHENTICATION)
        if failed is not None:
            return failed
        token = self.server.store.token(exchange.get("token"))
        hinted = exchange.get("token_type_hint").removesuffix("_token")
        if token and hinted and not self.server.behaves(HINT_IS_ONLY_A_HINT):
            token = token if token.kind == hinted else None
        if token is None and not self.server.behaves(UNKNOWN_IS_FINE):
            return self.server.json(400, {"error": "invalid_request"})
        if token and self._own(exchange, token) and self.server.behaves(REVOKES):
            self._end(token)
        return Response(200, (("Cache-Control", "no-store"),))

    def introspect(self, request: Request) -> Response:
        """RFC 7662: a client may ask of its own tokens."""
        exchange = self._read(request, "introspection")
        failed = self._managed(exchange, CLIENT_AUTHENTICATION)
        if failed is not None:
            return failed
        token = self.server.store.token(exchange.get("token"))
        good = (
            token is not None
            and token.active
            and token.expires_at > exchange.now
            and self._own(exchange, token)
        )
        if token is None or not good:
            return self.server.json(200, {"active": not self.server.behaves(TELLS_STATE)})
        return self.server.json(200, self._told(token))

    def _told(self, token: Token) -> dict[str, Any]:
        told: dict[str, Any] = {
            "active": self.server.behaves(TELLS_ACTIVE),
            "client_id": token.grant.client_id,
            "scope": " ".join(token.grant.scope),
            "sub": token.grant.sub,
            "iss": self.server.config.issuer,
            "exp": int(token.expires_at),
        }
        if token.jkt:
            told |= {"cnf": {"jkt": token.jkt}, "token_type": "DPoP"}
        return told

    def _managed(self, exchange: Exchange, guards: Iterable[Guard]) -> Response | None:
        try:
            run((*MANAGED, *guards), exchange, self.server.defects)
        except Failed as failed:
            return self.server.refuse(exchange, failed)
        return None

    def _own(self, exchange: Exchange, token: Token) -> bool:
        """RFC 7009 §2.1: a token of another client is none of this one's business."""
        return exchange.client is None or token.grant.client_id == exchange.client.client_id

    def _end(self, token: Token) -> None:
        if token.kind == "refresh":
            self.server.store.revoke_family(token.grant.family)
        else:
            self.server.store.retire_token(token.value)

    def _read(self, request: Request, endpoint: str) -> Exchange:
        return read_exchange(self.server, request, endpoint, self.server.now())
