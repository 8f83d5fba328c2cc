"""The core: `handle(request) -> response`, with clock, randomness and store injected."""

from __future__ import annotations

import difflib
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from tokenspec.reference_server.authorize import AuthorizeEndpoint
from tokenspec.reference_server.config import Policy, ServerConfig
from tokenspec.reference_server.dialects import Dialect, load_dialect
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import BEHAVIOURS, GUARDS, Defect, Failed, behaviour
from tokenspec.reference_server.guards.dpop import NEXT_NONCE, NONCE_HEADER
from tokenspec.reference_server.keys import SigningKey, base64url, process_key
from tokenspec.reference_server.messages import Headers, Refusal, Request, Response
from tokenspec.reference_server.metadata import Documents
from tokenspec.reference_server.resources import Resources
from tokenspec.reference_server.routes import (
    CROSS_ORIGIN_METADATA,
    CROSS_ORIGIN_REVOCATION,
    CROSS_ORIGIN_USERINFO,
    FORM,
    READ,
    Route,
    respond,
)
from tokenspec.reference_server.store import MemoryStore
from tokenspec.reference_server.token import TokenEndpoint

PATHS = {
    "authorization": "/authorize",
    "login": "/login",
    "consent": "/consent",
    "token": "/oauth/token",
    "userinfo": "/userinfo",
    "revocation": "/oauth/revoke",
    "introspection": "/oauth/introspect",
    "jwks": "/.well-known/jwks.json",
    "openid-configuration": "/.well-known/openid-configuration",
}
AUTHORIZATION_SERVER = "/.well-known/oauth-authorization-server"
NONCE_SECONDS = 300  # that a DPoP nonce is the current one; the one before it still counts
UNAUTHORIZED, METHOD_NOT_ALLOWED = 401, 405
NO_STORE = behaviour(
    "response.no_store", "RFC6749-5.1-cache_control_no_store", "a token response forbids caching"
)
NO_CACHE = behaviour(
    "response.pragma", "RFC6749-5.1-pragma_no_cache", "a token response says so for old caches too"
)
JSON_SUCCESS = behaviour(
    "response.json", "RFC6749-5.1-json_media_type", "a success is declared as JSON"
)
JSON_ERROR = behaviour("error.json", "RFC6749-5.2-json_media_type", "an error is declared as JSON")
ERROR_MEMBER = behaviour("error.member", "RFC6749-5.2-error_member", "an error has its code")
ERROR_TEXT = behaviour(
    "error.description_charset",
    "RFC6749-5.2-error_description_charset",
    "a description has only the characters allowed",
)
ERROR_TEXTS = behaviour(
    "error.texts", "RFC6749-5.2-error_members_text", "what an error says is text"
)
JSON_ALWAYS = behaviour(
    "error.json_always",
    "RFC6749-5.2-json_media_type",
    "an error is declared as JSON whatever the request prefers",
)
ERROR_URI = behaviour("error.uri_charset", "RFC6749-5.2-error_uri_syntax", "an error_uri is a URI")
NO_TOKEN_IN_ERROR = behaviour("error.no_token", "RFC6749-5.2-status_400", "an error holds no token")
NO_ECHO = behaviour(
    "error.no_echo", "RFC6749-10.14-sanitize_input", "an error repeats no secret that was sent"
)
CHALLENGE = behaviour(
    "response.www_authenticate",
    "RFC6749-5.2-invalid_client-www_authenticate",
    "a 401 names the authentication scheme",
)
STATUS_401 = behaviour(
    "client.status_401",
    "RFC6749-5.2-invalid_client-401_for_header",
    "credentials that fail in the Authorization header get status 401",
)
MEMBERS_ONCE = behaviour(
    "response.members_once",
    "RFC6749-3.2-duplicate_response_member",
    "no member of a response comes twice",
)
ERROR_CODE = behaviour(
    "error.code_charset", "RFC6749-5.2-error_charset", "a code has only the characters allowed"
)
ALGS_TOLD = behaviour(
    "resource.algs_told", "RFC9449-7.1-challenge_algs", "a challenge for DPoP lists algorithms"
)
ERROR_TOLD = behaviour(
    "resource.error_told", "RFC9449-7.1-challenge_error", "a challenge for DPoP says what was wrong"
)
ONE_NONCE = behaviour(
    "dpop.one_nonce_header", "RFC9449-8-one_nonce_header", "a response has one nonce at most"
)
OWN_NONCES = behaviour(
    "dpop.own_nonces",
    "RFC9449-9-nonce_per_server",
    "userinfo takes its own nonces alone, and so does the token endpoint",
)
NONCE_TEXT = behaviour(
    "dpop.nonce_syntax", "RFC9449-8.1-nonce_syntax", "a nonce is printable ASCII without quotes"
)
CHALLENGED = behaviour(
    "resource.challenge",
    "RFC6750-3-www_authenticate",
    "a protected resource that refuses says how to be asked",
)
OPENID_PLACE = behaviour(
    "metadata.openid_place", "OIDCD-4-well_known", "the metadata is where OpenID Connect has it"
)
OAUTH_PLACE = behaviour(
    "metadata.oauth_place", "RFC8414-3-well_known_path", "the metadata is where RFC 8414 has it"
)
BY_GET = behaviour(
    "authorize.get", "RFC6749-3.1-get_supported", "the authorization endpoint takes GET"
)
NO_CODE = behaviour(
    "resource.no_error_without_credentials",
    "RFC6750-3.1-no_error_without_credentials",
    "who showed nothing is told no error",
)


class Server:
    """A reference authorization server.

    Args:
        config: clients, users, APIs and policy.
        clock: seconds since the epoch.
        random_bytes: gives so many random bytes.
        defects: names of defects (see `reference_server.defects`).
        key: what tokens are signed with; default one for the whole process.

    Raises:
        ValueError: a defect or dialect is not known.
    """

    def __init__(
        self,
        config: ServerConfig,
        *,
        clock: Callable[[], float] = time.time,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
        defects: Collection[str] = (),
        key: SigningKey | None = None,
    ) -> None:
        self.config = config
        self.dialect: Dialect = dialect_of(config)
        self.store = MemoryStore()
        self.key = (key or process_key()).with_algorithm(config.policy.id_token_algorithm)
        self._clock = clock
        self._random_bytes = random_bytes
        self._nonce_key = random_bytes(32)
        self.defects = {name: _defect(name) for name in defects}
        self._routes = self._make_routes()

    def _make_routes(self) -> dict[str, Route]:
        pages, resources, documents = AuthorizeEndpoint(self), Resources(self), Documents(self)
        both, get = (*READ, *FORM), "RFC8414-3.1-get"
        browsed = both if self.behaves(BY_GET) else FORM
        by_name = {
            "authorization": Route(pages.authorize, browsed, False, "RFC6749-3.1-get_supported"),
            "login": Route(pages.login, FORM, False, "RFC6749-3.1-authenticates_owner"),
            "consent": Route(pages.consent, FORM, False, "RFC6749-3.1-authenticates_owner"),
            "token": Route(TokenEndpoint(self).answer),
            "userinfo": Route(
                resources.userinfo,
                both,
                requirement="OIDCC-5.3-get_and_post",
                cors=CROSS_ORIGIN_USERINFO,
            ),
            "revocation": Route(resources.revoke, cors=CROSS_ORIGIN_REVOCATION),
            "introspection": Route(resources.introspect),
            "jwks": Route(documents.key_set, READ, requirement=get),
            "openid-configuration": Route(
                documents.metadata, READ, requirement=get, cors=CROSS_ORIGIN_METADATA
            ),
        }
        routes = {urlsplit(self.endpoint(name)).path: route for name, route in by_name.items()}
        if not self.behaves(OPENID_PLACE):
            del routes[urlsplit(self.endpoint("openid-configuration")).path]
        # RFC 8414 §3.1: the well-known part goes between host and path
        between = AUTHORIZATION_SERVER + urlsplit(self.config.issuer).path
        if self.behaves(OAUTH_PLACE):
            routes[between] = by_name["openid-configuration"]
        return routes

    @property
    def policy(self) -> Policy:
        """The choices the specifications leave to a server."""
        return self.config.policy

    @property
    def offers_plain(self) -> bool:
        """Whether the challenge method plain is taken: by policy, or by the dialect."""
        return self.policy.plain_pkce or self.dialect.has("plain_offered")

    def behaves(self, name: str) -> bool:
        """Whether the behaviour is in place."""
        return name not in self.defects

    def told(self, what: str, content: dict[str, Any], about: Any = None) -> dict[str, Any]:
        """What the server tells, such as `id_token` or `metadata`: `content`, less its defects."""
        for defect in self.defects.values():
            if what in defect.alters:
                content = defect.alters[what](dict(content), about)
        return content

    def endpoint(self, name: str) -> str:
        """The URL of an endpoint."""
        return self.config.issuer + PATHS[name]

    def now(self) -> float:
        """Seconds since the epoch, by the injected clock."""
        return self._clock()

    def random_text(self) -> str:
        """256 random bits as base64url."""
        return base64url(self._random_bytes(32))

    def recent_nonces(self, endpoint: str = "token", kept: int = 2) -> tuple[str, ...]:
        """The DPoP nonces of an endpoint, newest first: the current one and the one before.

        RFC 9449 §8 wants a window of recent ones, §9 each server to take its own alone.
        """
        own = endpoint if self.behaves(OWN_NONCES) else "any"
        window = int(self.now()) // NONCE_SECONDS
        made = (
            hmac.digest(self._nonce_key, f"{own} {number}".encode(), hashlib.sha256)
            for number in range(window, window - kept, -1)
        )
        return tuple(base64url(digest[:18]) for digest in made)

    def handle(self, request: Request) -> Response:
        """Answer one request; safe to call from many threads."""
        return respond(self, self._routes, request)

    def refuse(self, exchange: Exchange, failed: Failed) -> Response:
        """An error of a back-channel endpoint (RFC 6749 §5.2), as the dialect has it."""
        error = failed.error
        refusal = Refusal(failed.guard.name, failed.guard.requirement, error.cause)
        at_token = exchange.endpoint == "token"  # a dialect is known there, and nowhere else
        told = self.dialect.told(failed.guard.name, error) if at_token else error
        if told.status == UNAUTHORIZED and exchange.basic and not self.behaves(STATUS_401):
            told = OAuthError(told.error, told.cause, 400, told.told)
        headers: Headers = ()
        if told.status == METHOD_NOT_ALLOWED:  # RFC 9110 §15.5.6 asks for Allow
            headers = (("Allow", "POST"),)
        if told.status == UNAUTHORIZED and self.behaves(CHALLENGE):
            headers = (("WWW-Authenticate", f'Basic realm="{self.config.issuer}"'),)
        headers = (*headers, *self._nonce(exchange, error))
        made = self.json(told.status, self._error_body(exchange, told), headers, refusal)
        if "text/html" in exchange.request.header("Accept") and not self.behaves(JSON_ALWAYS):
            return replace(made, headers=(("Content-Type", "text/html"), *headers))
        return made

    def challenge(self, exchange: Exchange, failed: Failed) -> Response:
        """An error of a protected resource (RFC 6750 §3, RFC 9449 §7.1)."""
        error = failed.error
        refusal = Refusal(failed.guard.name, failed.guard.requirement, error.cause)
        about_proof = error.error in {"invalid_dpop_proof", "use_dpop_nonce"}
        scheme = "DPoP" if about_proof or exchange.scheme == "dpop" else "Bearer"
        code = error.error or ("" if self.behaves(NO_CODE) else "invalid_token")
        told = code and (scheme != "DPoP" or self.behaves(ERROR_TOLD))
        parameters = [f'error="{code}"'] if told else []
        if scheme == "DPoP" and self.behaves(ALGS_TOLD):
            parameters.append(f'algs="{" ".join(self.policy.client_algorithms)}"')
        realm = [f'realm="{self.config.issuer}"']
        challenge = {"value": f"{scheme} " + ", ".join(realm + parameters)}
        values = self.told("challenge", challenge, error).values()
        shown = tuple(("WWW-Authenticate", value) for value in values)
        status = UNAUTHORIZED if about_proof else error.status
        headers: Headers = (
            *(shown if self.behaves(CHALLENGED) else ()),
            *self._nonce(exchange, error),
        )
        return self.json(status, {"error": code} if code else {}, headers, refusal)

    def json(
        self,
        status: int,
        body: object,
        headers: Headers = (),
        refusal: Refusal | None = None,
    ) -> Response:
        """A JSON answer."""
        declared = self.behaves(JSON_ERROR if refusal else JSON_SUCCESS)
        media_type = "application/json" if declared else "text/html"
        kept: Headers = (("Cache-Control", "no-store"),) if self.behaves(NO_STORE) else ()
        if self.behaves(NO_CACHE):
            kept = (*kept, ("Pragma", "no-cache"))
        shown = (("Content-Type", media_type), *kept, *headers)
        text = json.dumps(body)
        if not self.behaves(MEMBERS_ONCE) and text.startswith("{") and len(text) > len("{}"):
            text = f"{text[:-1]}, {text[1:]}"
        return Response(status, shown, text.encode(), refusal)

    def next_nonce(self, exchange: Exchange) -> Headers:
        """The nonce a success brings to those who need one (RFC 9449 §8.2)."""
        if not exchange.dpop or not self.demands_nonce(exchange):
            return ()
        return self._nonce_header(exchange) if self.behaves(NEXT_NONCE) else ()

    def demands_nonce(self, exchange: Exchange) -> bool:
        """Whether a proof has to hold a nonce: by policy, or by the dialect."""
        of_public = self.dialect.has("nonce_for_public_clients") and exchange.client is not None
        return self.policy.dpop_nonce or (of_public and exchange.public)

    def _nonce(self, exchange: Exchange, error: OAuthError) -> Headers:
        if error.error != "use_dpop_nonce" or not self.behaves(NONCE_HEADER):
            return ()
        return self._nonce_header(exchange)

    def _nonce_header(self, exchange: Exchange) -> Headers:
        nonce = self.recent_nonces(exchange.endpoint)[0]
        header = ("DPoP-Nonce", nonce if self.behaves(NONCE_TEXT) else f'"{nonce}"')
        return (header,) if self.behaves(ONE_NONCE) else (header, header)

    def _error_body(self, exchange: Exchange, told: OAuthError) -> dict[str, object]:
        body: dict[str, object] = {"error": told.error, "error_description": told.description}
        if not self.behaves(ERROR_CODE):
            body["error"] = f'"{told.error}"'
        if not self.behaves(ERROR_MEMBER):
            del body["error"]
        if not self.behaves(ERROR_TEXT):
            body["error_description"] = 'the "grant" is not valid'
        if not self.behaves(ERROR_TEXTS):
            body["error_description"] = {"text": told.description}
        if not self.behaves(ERROR_URI):
            body["error_uri"] = 'no "URI"'
        if not self.behaves(NO_TOKEN_IN_ERROR):
            body["refresh_token"] = self.random_text()
        if not self.behaves(NO_ECHO):
            body["error_description"] = f"wrong code {exchange.get('code')}"
        return body


def dialect_of(config: ServerConfig) -> Dialect:
    """The dialect of a configuration, with the switches it names or else the usual ones.

    Raises:
        ValueError: the dialect or a switch of it is not known.
    """
    dialect = load_dialect(config.dialect)
    return dialect if config.dialect_switches is None else dialect.only(config.dialect_switches)


def _defect(name: str) -> Defect:
    from tokenspec.reference_server.defects import DEFECTS  # noqa: PLC0415 - it needs every guard loaded

    if name not in DEFECTS:
        close = difflib.get_close_matches(name, DEFECTS, n=1)
        hint = f", did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"unknown defects: {name}{hint}")
    return DEFECTS[name]


__all__ = ["BEHAVIOURS", "GUARDS", "PATHS", "Server"]
