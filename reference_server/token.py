"""The token endpoint: shape, client, proof, grant; then tokens."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from tokenspec.reference_server.exchange import Exchange, read_exchange
from tokenspec.reference_server.grants import (
    CLIENT_AUTHENTICATION,
    DPOP,
    GRANT_ALLOWED,
    GRANTS,
    SHAPE,
)
from tokenspec.reference_server.guarding import Failed, behaviour, run
from tokenspec.reference_server.messages import Refusal, Request, Response
from tokenspec.reference_server.store import Grant
from tokenspec.reference_server.tokens import About, id_token, new_token

if TYPE_CHECKING:
    from tokenspec.reference_server.server import Server

MINUTE, PER_MINUTE, TOO_MANY = 60, 10, 429
STATUS_200 = behaviour("response.status_200", "RFC6749-5.1-status_200", "a success has status 200")
ACCESS_TOKEN = behaviour(
    "response.access_token", "RFC6749-5.1-access_token", "access_token is a text"
)
SCOPE_SETTLED = behaviour(
    "token.scope_settled",
    "OIDCC-11-offline_consent_obtained",
    "a code exchange grants the scope consented to, whatever the request says",
)
TOKEN_TYPE = behaviour("response.token_type", "RFC6749-5.1-token_type", "token_type is there")
EXPIRES_IN = behaviour("response.expires_in", "RFC6749-5.1-expires_in", "expires_in is there")
EXPIRES_NUMBER = behaviour(
    "response.expires_in_number", "RFC6749-5.1-json_types", "expires_in is a number"
)
EXPIRES_DIGITS = behaviour(
    "response.expires_in_digits", "RFC6749-A.14-expires_in_syntax", "expires_in is not negative"
)
SCOPE = behaviour("response.scope", "RFC6749-5.1-scope_if_different", "the scope granted is told")
ID_TOKEN = behaviour(
    "id_token.present", "OIDCC-3.1.3.3-id_token_member", "the scope openid brings an ID token"
)
ID_TOKEN_ASKED = behaviour(
    "id_token.only_with_openid",
    "OIDCC-3.1.3.2-code_from_oidc_request",
    "no ID token without the scope openid",
)
SCOPE_WHOLE = behaviour(
    "refresh.scope_whole",
    "RFC6749-6-scope_omitted_is_original",
    "a refresh without scope is one of all that was granted",
)
REFRESH_SCOPE = behaviour(
    "refresh.scope_same",
    "RFC6749-6-new_refresh_same_scope",
    "a new refresh token has the scope of the one it replaces",
)
SCOPE_ORDER = behaviour(
    "token.scope_order", "RFC6749-3.3-order_irrelevant", "the order of scope means nothing"
)
BOUND = behaviour(
    "dpop.bound_token_type", "RFC9449-5-token_type_dpop", "a bound token is of type DPoP"
)
NEW_KEY = behaviour(
    "dpop.key_of_the_proof",
    "RFC9449-5-bound_to_proof_key",
    "a refreshed access token is bound to the key of the proof it was asked for with",
)
REFRESH_FREE = behaviour(
    "dpop.refresh_free",
    "RFC9449-5-refresh_not_bound_confidential",
    "a confidential client's refresh token is not bound to a key",
)
SHORT_LIVED = behaviour(
    "dpop.short_lived",
    "RFC9449-11.2-long_lived_without_nonce",
    "a bound access token lives for an hour at most",
)
REFRESH_BOUND = behaviour(
    "dpop.refresh_bound",
    "RFC9449-5-refresh_bound_public",
    "a public client's refresh token is bound to its key",
)
KEPT = behaviour(
    "refresh.kept",
    "FAPI2SP-5.3.2.1-no_refresh_rotation",
    "a refresh token is not replaced where the policy has it so",
)
OFFLINE_ASKED = behaviour(
    "offline_access.scope_required",
    "AUTH0-Remarks-offline_access_refresh_token",
    "no refresh token without the scope offline_access",
)
OFFLINE_GIVEN = behaviour(
    "offline_access.given",
    "AUTH0-Remarks-offline_access_refresh_token",
    "the scope offline_access brings a refresh token",
)


class TokenEndpoint:
    """Answers the token endpoint."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._lock = threading.Lock()
        self._minute, self._asked = 0, 0

    def answer(self, request: Request) -> Response:
        """A token request."""
        server = self.server
        exchange = read_exchange(server, request, "token", server.now())
        if server.dialect.has("rate_limit") and self._too_many(exchange.now):
            return self._slow_down(exchange.now)
        try:
            run((*SHAPE, *CLIENT_AUTHENTICATION, *GRANT_ALLOWED, *DPOP), exchange, server.defects)
            run(GRANTS.get(exchange.get("grant_type"), ()), exchange, server.defects)
        except Failed as failed:
            return server.refuse(exchange, failed)
        grant = self._grant_of(exchange)
        if grant is None:
            return server.json(500, {"error": "server_error"})
        status = 200 if server.behaves(STATUS_200) else 201
        return server.json(status, self._issue(exchange, grant), server.next_nonce(exchange))

    def _too_many(self, now: float) -> bool:
        """Whether the minute has had its share of requests."""
        with self._lock:
            if int(now) // MINUTE != self._minute:
                self._minute, self._asked = int(now) // MINUTE, 0
            self._asked += 1
            return self._asked > PER_MINUTE

    def _slow_down(self, now: float) -> Response:
        reset = (int(now) // MINUTE + 1) * MINUTE
        headers = (
            ("X-RateLimit-Limit", str(PER_MINUTE)),
            ("X-RateLimit-Remaining", "0"),
            ("X-RateLimit-Reset", str(reset)),
            ("Retry-After", str(reset - int(now))),
        )
        refusal = Refusal("token.rate", "", "too many requests in a minute")
        body = {"error": "too_many_requests", "error_description": "Rate limit exceeded."}
        return self.server.json(TOO_MANY, body, headers, refusal)

    def _grant_of(self, exchange: Exchange) -> Grant | None:
        """What the exchange entitles to; None where a defect let through what was never granted."""
        if exchange.get("grant_type") == "refresh_token":
            return exchange.refresh_token.grant if exchange.refresh_token else None
        return exchange.code.grant if exchange.code else None

    def _issue(self, exchange: Exchange, grant: Grant) -> dict[str, object]:
        server, now = self.server, exchange.now
        refreshing = exchange.get("grant_type") == "refresh_token"
        asked = tuple(exchange.get("scope").split()) if refreshing else ()
        if not refreshing and not server.behaves(SCOPE_SETTLED) and exchange.get("scope"):
            grant = replace(grant, scope=tuple(exchange.get("scope").split()))
        if refreshing and not asked and not server.behaves(SCOPE_WHOLE):
            asked = grant.scope[:1]
        narrowed = replace(grant, scope=asked) if asked else grant
        if not server.behaves(REFRESH_SCOPE):
            grant = narrowed
        jkt = self._jkt(exchange, grant)
        access_token = new_token(server, "access", narrowed, jkt, now)
        body: dict[str, object] = {"access_token": access_token}
        if not server.behaves(ACCESS_TOKEN):
            body["access_token"] = 12345
        if server.behaves(TOKEN_TYPE):
            body["token_type"] = "DPoP" if jkt and server.behaves(BOUND) else "Bearer"
        if server.behaves(EXPIRES_IN):
            body["expires_in"] = self._lifetime()
        if narrowed.scope and server.behaves(SCOPE):  # RFC 6749 §3.3: a scope has a word at least
            body["scope"] = " ".join(narrowed.scope)
        if self._with_refresh_token(grant, refreshing=refreshing):
            body["refresh_token"] = new_token(
                server, "refresh", grant, self._refresh_jkt(exchange), now
            )
        if self._with_id_token(narrowed):
            body["id_token"] = id_token(server, narrowed, access_token, now, refreshed=refreshing)
        return server.told("token_response", body, About(server, grant, refreshing))

    def _lifetime(self) -> object:
        seconds, behaves = self.server.policy.access_token_lifetime, self.server.behaves
        if not behaves(SHORT_LIVED):
            seconds *= 24
        signed = seconds if behaves(EXPIRES_DIGITS) else -seconds
        return signed if behaves(EXPIRES_NUMBER) else str(signed)

    def _with_refresh_token(self, grant: Grant, *, refreshing: bool) -> bool:
        policy, behaves = self.server.policy, self.server.behaves
        if refreshing:
            return policy.rotate_refresh_tokens or not behaves(KEPT)
        if not policy.refresh_requires_offline_access or not behaves(OFFLINE_ASKED):
            return True
        return "offline_access" in grant.scope and behaves(OFFLINE_GIVEN)

    def _jkt(self, exchange: Exchange, grant: Grant) -> str:
        """RFC 9449 §5: an access token is bound to the key of the proof it was asked for with."""
        first = "" if self.server.behaves(NEW_KEY) else self.server.store.first_key(grant.family)
        return first if exchange.jkt and first else exchange.jkt

    def _refresh_jkt(self, exchange: Exchange) -> str:
        """RFC 9449 §5: only a public client's refresh token is bound to its key."""
        bound = exchange.public or not self.server.behaves(REFRESH_FREE)
        return exchange.jkt if bound and self.server.behaves(REFRESH_BOUND) else ""

    def _with_id_token(self, grant: Grant) -> bool:
        if grant.scope[:1] != ("openid",) and not self.server.behaves(SCOPE_ORDER):
            return False
        if "openid" not in grant.scope:
            return not self.server.behaves(ID_TOKEN_ASKED)
        return self.server.behaves(ID_TOKEN)
