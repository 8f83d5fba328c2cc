"""The core: `handle(request) -> response`, with clock, randomness and store injected.

So far: the authorization endpoint with its pages, and the token endpoint for bearer tokens. DPoP,
ID tokens, userinfo, revocation, introspection and discovery are not here yet.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable, Collection
from urllib.parse import urlsplit

from reference_server.authorize import AuthorizeEndpoint
from reference_server.config import Policy, ServerConfig
from reference_server.errors import OAuthError
from reference_server.exchange import Exchange, read_exchange
from reference_server.grants import CLIENT_AUTHENTICATION, GRANTS, SHAPE
from reference_server.guarding import BEHAVIOURS, GUARDS, Defect, Failed, behaviour, run
from reference_server.messages import Refusal, Request, Response
from reference_server.store import Grant, MemoryStore, Token

PATHS = {
    "authorization": "/authorize",
    "login": "/login",
    "consent": "/consent",
    "token": "/oauth/token",
}
REFRESH_LIFETIME = 30 * 24 * 3600  # seconds
NO_STORE = behaviour(
    "response.no_store", "RFC6749-5.1-cache_control_no_store", "a token response forbids caching"
)
CHALLENGE = behaviour(
    "response.www_authenticate",
    "RFC6749-5.2-invalid_client-www_authenticate",
    "a 401 names the authentication scheme",
)


class Server:
    """A reference authorization server.

    Args:
        config: clients, users, APIs and policy.
        clock: seconds since the epoch.
        random_bytes: gives so many random bytes.
        defects: names of guards or behaviours to take out.

    Raises:
        ValueError: a defect is not known.
    """

    def __init__(
        self,
        config: ServerConfig,
        *,
        clock: Callable[[], float] = time.time,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
        defects: Collection[str] = (),
    ) -> None:
        unknown = set(defects) - set(GUARDS) - set(BEHAVIOURS)
        if unknown:
            raise ValueError(f"unknown defects: {', '.join(sorted(unknown))}")
        self.config = config
        self.store = MemoryStore()
        self._clock = clock
        self._random_bytes = random_bytes
        self.defects = {name: _taken_out(name) for name in defects}
        pages = AuthorizeEndpoint(self)
        self._routes: dict[str, Callable[[Request], Response]] = {
            "authorization": pages.authorize,
            "login": pages.login,
            "consent": pages.consent,
            "token": self._token,
        }

    @property
    def policy(self) -> Policy:
        """The choices the specifications leave to a server."""
        return self.config.policy

    def behaves(self, name: str) -> bool:
        """Whether the behaviour is in place."""
        return name not in self.defects

    def endpoint(self, name: str) -> str:
        """The URL of an endpoint."""
        return self.config.issuer + PATHS[name]

    def now(self) -> float:
        """Seconds since the epoch, by the injected clock."""
        return self._clock()

    def random_text(self) -> str:
        """256 random bits as base64url."""
        return base64.urlsafe_b64encode(self._random_bytes(32)).rstrip(b"=").decode()

    def handle(self, request: Request) -> Response:
        """Answer one request; safe to call from many threads."""
        path = urlsplit(request.url).path
        for name, answer in self._routes.items():
            if path == urlsplit(self.endpoint(name)).path:
                return answer(request)
        return Response(404, (("Content-Type", "text/plain"),), b"not found")

    def _token(self, request: Request) -> Response:
        exchange = read_exchange(self, request, "token", self.now())
        try:
            run((*SHAPE, *CLIENT_AUTHENTICATION), exchange, self.defects)
            run(GRANTS.get(exchange.get("grant_type"), ()), exchange, self.defects)
        except Failed as failed:
            return self._refuse(exchange, failed)
        grant = self._grant_of(exchange)
        if grant is None:
            return self._json(500, {"error": "server_error"})
        return self._json(200, self._issue(exchange, grant))

    def _grant_of(self, exchange: Exchange) -> Grant | None:
        """What the exchange entitles to; None where a defect let through what was never granted."""
        if exchange.get("grant_type") == "refresh_token":
            return exchange.refresh_token.grant if exchange.refresh_token else None
        return exchange.code.grant if exchange.code else None

    def _issue(self, exchange: Exchange, grant: Grant) -> dict[str, object]:
        lifetime = self.policy.access_token_lifetime
        asked = tuple(exchange.get("scope").split())
        refreshing = exchange.get("grant_type") == "refresh_token"
        scope = asked if refreshing and asked else grant.scope
        body: dict[str, object] = {
            "access_token": self._new_token("access", grant, exchange.now + lifetime),
            "token_type": "Bearer",
            "expires_in": lifetime,
            "scope": " ".join(scope),
        }
        rotates = not refreshing or self.policy.rotate_refresh_tokens
        if rotates and self._may_refresh(grant):
            expires_at = exchange.now + REFRESH_LIFETIME
            body["refresh_token"] = self._new_token("refresh", grant, expires_at)
        return body

    def _may_refresh(self, grant: Grant) -> bool:
        """Whether a refresh token goes with the grant: asked for, and allowed by the API."""
        if self.policy.refresh_requires_offline_access and "offline_access" not in grant.scope:
            return False
        api = self.config.api(grant.audience)
        return api is None or api.allow_offline_access

    def _new_token(self, kind: str, grant: Grant, expires_at: float) -> str:
        token = Token(self.random_text(), kind, grant, "", expires_at)
        self.store.add_token(token)
        return token.value

    def _refuse(self, exchange: Exchange, failed: Failed) -> Response:
        error: OAuthError = failed.error
        refusal = Refusal(failed.guard.name, failed.guard.requirement, error.cause)
        headers: tuple[tuple[str, str], ...] = ()
        if error.status == 405:  # noqa: PLR2004 - RFC 9110 §15.5.6 asks for Allow
            headers = (("Allow", "POST"),)
        if error.status == 401 and self.behaves(CHALLENGE):  # noqa: PLR2004 - RFC 6749 §5.2
            headers = (("WWW-Authenticate", f'Basic realm="{exchange.server.config.issuer}"'),)
        body = {"error": error.error, "error_description": error.description}
        return self._json(error.status, body, headers, refusal)

    def _json(
        self,
        status: int,
        body: object,
        headers: tuple[tuple[str, str], ...] = (),
        refusal: Refusal | None = None,
    ) -> Response:
        kept = (("Cache-Control", "no-store"),) if self.behaves(NO_STORE) else ()
        shown = (("Content-Type", "application/json"), *kept, *headers)
        return Response(status, shown, json.dumps(body).encode(), refusal)


def _taken_out(name: str) -> Defect:
    requirement = (GUARDS.get(name) or BEHAVIOURS[name]).requirement
    return Defect(name, requirement, f"{name} is left out", {})
