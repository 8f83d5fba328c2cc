"""The token endpoint: shape, client, proof, grant; then tokens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.answers import json_answer, refuse
from tokenspec.reference_server.endpoints.issuing import Issued, id_token, new_token
from tokenspec.reference_server.exchange import Exchange, read_exchange
from tokenspec.reference_server.grants import (
    CLIENT_AUTHENTICATION,
    DPOP,
    GRANT_ALLOWED,
    GRANTS,
    SHAPE,
)
from tokenspec.reference_server.guarding import Failed, run
from tokenspec.reference_server.guards.refresh import rotates
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.nonces import next_nonce
from tokenspec.reference_server.seams import Seam, seam
from tokenspec.reference_server.store import Grant


@dataclass(frozen=True, slots=True)
class Issue:
    """What a token request brings.

    `grant` is what the access token is good for, `refresh_grant` what a refresh token is; `jkt` and
    `refresh_jkt` are the keys that they are bound to, empty where to none.
    """

    grant: Grant
    refresh_grant: Grant
    jkt: str
    refresh_jkt: str
    refresh_token: bool
    id_token: bool


ISSUE: Seam[Issue, Exchange] = seam("issue", "what a token request brings, and bound to which key")
TOKEN_RESPONSE: Seam[dict[str, Any], Issued] = seam(
    "token_response", "the members of a token response (RFC 6749 §5.1)"
)
TOKEN_ANSWER: Seam[Response, Exchange] = seam("token_answer", "a token response as a whole")


class TokenEndpoint:
    """Answers the token endpoint."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def answer(self, request: Request) -> Response:
        """A token request."""
        core, exchange = self.core, read_exchange(self.core, request, "token")
        try:
            run((*SHAPE, *CLIENT_AUTHENTICATION, *GRANT_ALLOWED, *DPOP), exchange, core.checks)
            run(GRANTS.get(exchange.get("grant_type"), ()), exchange, core.checks)
        except Failed as failed:
            return refuse(exchange, failed)
        grant = _granted(exchange)
        if grant is None:
            return json_answer(core, 500, {"error": "server_error"})
        issue = core.tell(ISSUE, to_issue(exchange, grant), exchange)
        body = _tokens(exchange, issue)
        answer = json_answer(core, 200, body, next_nonce(exchange))
        return core.tell(TOKEN_ANSWER, answer, exchange)


def _granted(exchange: Exchange) -> Grant | None:
    """What the request entitles to; None where no guard asked for a code or refresh token."""
    if exchange.refreshing:
        return exchange.refresh_token.grant if exchange.refresh_token else None
    return exchange.code.grant if exchange.code else None


def to_issue(exchange: Exchange, grant: Grant) -> Issue:
    """What a request that passed its guards brings.

    RFC 6749 §6: a refresh may narrow the scope of its access token, not that of the refresh token.
    RFC 9449 §5: an access token is bound to the key of the proof it was asked for with, a refresh
    token only if its client is public.
    """
    policy, asked = exchange.core.policy, tuple(exchange.get("scope").split())
    narrowed = replace(grant, scope=asked) if exchange.refreshing and asked else grant
    offline = "offline_access" in grant.scope or not policy.refresh_requires_offline_access
    online = policy.refresh_without_offline_access and _allowed(exchange, grant)
    return Issue(
        narrowed,
        grant,
        exchange.jkt,
        exchange.jkt if exchange.public else "",
        refresh_token=rotates(exchange) if exchange.refreshing else offline or online,
        id_token="openid" in narrowed.scope,
    )


def _allowed(exchange: Exchange, grant: Grant) -> bool:
    """Whether the API that the grant is for lets refresh tokens be given; where for none, yes."""
    api = exchange.core.config.api(grant.audience)
    return api is None or api.allow_offline_access


def _tokens(exchange: Exchange, issue: Issue) -> dict[str, Any]:
    """RFC 6749 §5.1, OpenID Connect Core §3.1.3.3."""
    core, now = exchange.core, exchange.now
    access = Issued(core, issue.grant, exchange.refreshing, issue.jkt)
    refresh = Issued(core, issue.refresh_grant, exchange.refreshing, issue.refresh_jkt)
    access_token = new_token(core, "access", access, now)
    body: dict[str, Any] = {
        "access_token": access_token,
        "token_type": "DPoP" if issue.jkt else "Bearer",
        "expires_in": core.policy.access_token_lifetime,
    }
    if issue.grant.scope:  # RFC 6749 §3.3: a scope has a word at least
        body["scope"] = " ".join(issue.grant.scope)
    if issue.refresh_token:
        body["refresh_token"] = new_token(core, "refresh", refresh, now)
    if issue.id_token:
        body["id_token"] = id_token(access, access_token, now)
    return core.tell(TOKEN_RESPONSE, body, refresh)
