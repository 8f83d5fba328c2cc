"""What lies behind a token: userinfo, revocation, introspection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tokenspec.reference_server.exchange import QUERY_PRIVATE, Exchange, read_exchange
from tokenspec.reference_server.grants import CLIENT_AUTHENTICATION, MANAGED, RESOURCE
from tokenspec.reference_server.guarding import Failed, Guard, behaviour, run
from tokenspec.reference_server.messages import Headers, Request, Response
from tokenspec.reference_server.store import Token
from tokenspec.reference_server.tokens import user_claims

if TYPE_CHECKING:
    from tokenspec.reference_server.server import Server

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
CASCADES = behaviour(
    "revoke.cascades", "RFC7009-2.1-refresh_cascades", "with a refresh token its access tokens end"
)
ACCESS_ALONE = behaviour(
    "revoke.access_alone",
    "RFC7009-2.1-access_cascades",
    "the end of an access token leaves its refresh token alone",
)
OWN_REVOKED = behaviour(
    "revoke.own_only", "RFC7009-2.1-token_of_other_client", "a client revokes its own tokens only"
)
OWN_TOLD = behaviour(
    "introspect.own_only", "RFC7662-4-callers_authorized", "a client is told of its own tokens only"
)
INACTIVE_ALONE = behaviour(
    "introspect.inactive_alone",
    "RFC7662-2.2-inactive_no_details",
    "of an inactive token nothing else is told",
)
BINDING_TOLD = behaviour(
    "introspect.cnf", "RFC9449-6.2-introspection_cnf", "the key of a bound token is told"
)
TYPE_TOLD = behaviour(
    "introspect.token_type",
    "RFC9449-6.2-introspection_token_type",
    "a bound token is told to be of type DPoP",
)
SAME_USER = behaviour(
    "userinfo.same_subject", "OIDCC-5.3.2-sub_same", "userinfo tells the subject of the ID token"
)
SCOPE_CLAIMS_TOLD = behaviour(
    "userinfo.scope_claims", "OIDCC-5.4-scope_claims", "userinfo tells what the scope asks for"
)
USERINFO_JSON = behaviour("userinfo.json", "OIDCC-5.3.2-json", "userinfo is declared as JSON")
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
        told: dict[str, Any] = {}
        if token and self.server.behaves(SCOPE_CLAIMS_TOLD):
            told = user_claims(self.server, token.grant)
        if self.server.behaves(USERINFO_SUB):
            same = self.server.behaves(SAME_USER)
            told["sub"] = token.grant.sub if token and same else "somebody-else"
        told = self.server.told("userinfo", told or {"name": ""})
        answer = self.server.json(200, told, self.server.next_nonce(exchange))
        if not self.server.behaves(QUERY_PRIVATE):
            return replace(answer, headers=without_caching(answer.headers))
        if not self.server.behaves(USERINFO_JSON):
            return replace(answer, headers=(("Content-Type", "text/plain"),))
        return answer

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
        gone = token is None or not token.active
        if gone and not self.server.behaves(UNKNOWN_IS_FINE):
            return self.server.json(400, {"error": "invalid_request"})
        own = token is None or self._own(exchange, token) or not self.server.behaves(OWN_REVOKED)
        if token and own and self.server.behaves(REVOKES):
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
            and (self._own(exchange, token) or not self.server.behaves(OWN_TOLD))
        )
        if token is None or not good:
            told = {"active": not self.server.behaves(TELLS_STATE)}
            if token and not self.server.behaves(INACTIVE_ALONE):
                told = self._told(token) | told
            return self.server.json(200, self.server.told("introspection", told, exchange))
        told = self.server.told("introspection", self._told(token), exchange)
        return self.server.json(200, told)

    def _told(self, token: Token) -> dict[str, Any]:
        told: dict[str, Any] = {
            "active": self.server.behaves(TELLS_ACTIVE),
            "client_id": token.grant.client_id,
            "scope": " ".join(token.grant.scope),
            "sub": token.grant.sub,
            "iss": self.server.config.issuer,
            "exp": int(token.expires_at),
        }
        if token.grant.audience:
            told["aud"] = token.grant.audience
        if token.kind == "access":
            typed = token.jkt and self.server.behaves(TYPE_TOLD)
            told["token_type"] = "DPoP" if typed else "Bearer"
        if token.jkt and self.server.behaves(BINDING_TOLD):
            told["cnf"] = {"jkt": token.jkt}
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
        outlive = self.server.dialect.has("access_tokens_outlive_revocation")
        if token.kind == "access" and outlive:
            return
        refreshing = token.kind == "refresh"
        cascades = self.server.behaves(CASCADES) and not outlive
        if cascades if refreshing else not self.server.behaves(ACCESS_ALONE):
            self.server.store.revoke_family(token.grant.family)
        else:
            self.server.store.retire_token(token.value)

    def _read(self, request: Request, endpoint: str) -> Exchange:
        return read_exchange(self.server, request, endpoint, self.server.now())


def without_caching(headers: Headers) -> Headers:
    """The headers, less what they say of caches."""
    return tuple(pair for pair in headers if pair[0] not in {"Cache-Control", "Pragma"})
