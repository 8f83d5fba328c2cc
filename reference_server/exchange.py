"""One request to a back-channel endpoint, such as the token endpoint, as guards see it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from tokenspec.reference_server.config import Client
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.jwts import UnverifiedJwt
from tokenspec.reference_server.keys import thumbprint
from tokenspec.reference_server.messages import Request
from tokenspec.reference_server.seams import Seam, seam
from tokenspec.reference_server.store import Code, Token

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
Basic = tuple[str, str] | None
Parameters = tuple[tuple[str, str], ...]
PARAMETERS: Seam[Parameters, Request] = seam(
    "parameters", "the parameters of a request to a back-channel endpoint, repetition kept"
)
CREDENTIALS: Seam[Basic, Request] = seam(
    "basic_credentials", "user and secret of the Authorization header, decoded; None without"
)
SHOWN: Seam[tuple[str, str], Request] = seam(
    "authorization_header", "scheme, in small letters, and access token of the Authorization header"
)
FORM_TOKEN: Seam[str, Request] = seam(
    "form_token", "the bearer token in the form of a request to a protected resource"
)
PROOF: Seam[UnverifiedJwt | None, Request] = seam(
    "dpop_proof", "the DPoP proof of a request, taken apart; None without"
)
JKT: Seam[str, Mapping[str, Any]] = seam("jkt", "the thumbprint of a proof's key")


@dataclass(slots=True)
class Exchange:
    """A request with what could be read from it. Reading never refuses: that is for guards."""

    core: Core
    request: Request
    now: float
    endpoint: str
    parameters: Parameters = ()
    basic: Basic = None
    client: Client | None = None
    dpop: UnverifiedJwt | None = None
    access_token: str = ""
    scheme: str = ""
    values: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """The first value of a parameter; empty where absent. An empty value counts as absent."""
        return self.values.get(name, "")

    @property
    def url(self) -> str:
        """The URL of the endpoint that was asked, as clients know it."""
        return self.core.endpoint(self.endpoint)

    @property
    def public(self) -> bool:
        """Whether the client has no credentials."""
        return self.client is None or self.client.auth_method == "none"

    @property
    def refreshing(self) -> bool:
        """Whether it is a refresh."""
        return self.get("grant_type") == "refresh_token"

    @property
    def at_resource(self) -> bool:
        """Whether it shows an access token at what that opens."""
        return self.endpoint in ("userinfo", "resource")

    @property
    def jkt(self) -> str:
        """The thumbprint of the proof's key; empty without a proof."""
        jwk = self.dpop.header.get("jwk") if self.dpop else None
        return self.core.tell(JKT, thumbprint(jwk), jwk) if isinstance(jwk, dict) else ""

    @property
    def code(self) -> Code | None:
        """The code the request shows, if the server ever issued it."""
        return self.core.store.code(self.get("code"))

    @property
    def refresh_token(self) -> Token | None:
        """The refresh token the request shows, if the server ever issued it."""
        token = self.core.store.token(self.get("refresh_token"))
        return token if token and token.kind == "refresh" else None

    @property
    def shown_token(self) -> Token | None:
        """The access token in the Authorization header, if the server ever issued it."""
        token = self.core.store.token(self.access_token)
        return token if token and token.kind == "access" else None


def read_exchange(core: Core, request: Request, endpoint: str) -> Exchange:
    """Read what can be read of a request to a back-channel endpoint."""
    exchange = Exchange(core, request, core.now(), endpoint)
    exchange.parameters = core.tell(PARAMETERS, request.form, request)
    for name, value in exchange.parameters:
        if value:
            exchange.values.setdefault(name, value)
    shown = core.tell(SHOWN, authorization_header(request), request)
    exchange.scheme, exchange.access_token = shown
    if exchange.at_resource:
        _read_bearer(exchange)
    exchange.basic = core.tell(CREDENTIALS, basic_credentials(request), request)
    exchange.client = core.config.client(_client_id(exchange))
    exchange.dpop = core.tell(PROOF, dpop_proof(request), request)
    return exchange


def authorization_header(request: Request) -> tuple[str, str]:
    """Scheme and access token of the header (RFC 6750 §2.1, RFC 9449 §7.1); empty without.

    A scheme is read without regard to case (RFC 9110 §11.1).
    """
    scheme, _, token = request.header("Authorization").partition(" ")
    return (scheme.lower(), token.strip()) if scheme.lower() in {"bearer", "dpop"} else ("", "")


def basic_credentials(request: Request, decode: Callable[[str], str] = unquote_plus) -> Basic:
    """The Basic credentials; RFC 6749 §2.3.1: each part is form-encoded."""
    scheme, _, value = request.header("Authorization").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        return ("", "")
    user, _, secret = text.partition(":")
    return decode(user), decode(secret)


def dpop_proof(request: Request) -> UnverifiedJwt | None:
    """The DPoP proof taken apart; one that cannot be read counts as one (RFC 9449 §5)."""
    return UnverifiedJwt.read(request.header("DPoP")) if request.header_all("DPoP") else None


def posted_token(request: Request) -> str:
    """The bearer token in a form that was posted (RFC 6750 §2.2), never one in the query (§2.3)."""
    return dict(request.form).get("access_token", "") if request.method == "POST" else ""


def _read_bearer(exchange: Exchange) -> None:
    exchange.values.pop("access_token", None)
    shown = exchange.core.tell(FORM_TOKEN, posted_token(exchange.request), exchange.request)
    if shown:
        exchange.values["access_token"] = shown
    if shown and not exchange.access_token:
        exchange.scheme, exchange.access_token = "bearer", shown


def _client_id(exchange: Exchange) -> str:
    if exchange.basic:
        return exchange.basic[0]
    if exchange.get("client_assertion") and not exchange.get("client_id"):
        return str(UnverifiedJwt.read(exchange.get("client_assertion")).claims.get("sub", ""))
    return exchange.get("client_id")
