"""One request to the token, userinfo, revocation or introspection endpoint, as guards see it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import jwt

from reference_server.config import Client
from reference_server.messages import Request
from reference_server.store import Code, Token

if TYPE_CHECKING:
    from reference_server.server import Server

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(slots=True)
class Exchange:
    """A request with what could be read from it. Reading never refuses: that is for guards."""

    server: Server
    request: Request
    now: float
    endpoint: str
    parameters: tuple[tuple[str, str], ...] = ()
    client: Client | None = None
    dpop: DpopProof | None = None
    access_token: str = ""
    scheme: str = ""
    values: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """The first value of a parameter; empty where absent. An empty value counts as absent."""
        return self.values.get(name, "")

    @property
    def code(self) -> Code | None:
        """The code the request shows, if the server ever issued it."""
        return self.server.store.code(self.get("code"))

    @property
    def refresh_token(self) -> Token | None:
        """The refresh token the request shows, if the server ever issued it."""
        token = self.server.store.token(self.get("refresh_token"))
        return token if token and token.kind == "refresh" else None

    @property
    def shown_token(self) -> Token | None:
        """The access token in the Authorization header, if the server ever issued it."""
        token = self.server.store.token(self.access_token)
        return token if token and token.kind == "access" else None

    @property
    def basic(self) -> tuple[str, str] | None:
        """The decoded Basic credentials (RFC 6749 §2.3.1: each part is form-encoded)."""
        scheme, _, value = self.request.header("Authorization").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            text = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            return ("", "")
        user, _, secret = text.partition(":")
        return unquote_plus(user), unquote_plus(secret)


@dataclass(frozen=True, slots=True)
class DpopProof:
    """A DPoP header, taken apart without being believed."""

    encoded: str
    header: dict[str, Any]
    claims: dict[str, Any]

    @classmethod
    def read(cls, encoded: str) -> DpopProof:
        """Take a compact JWT apart; what cannot be read is left empty."""
        try:
            header = jwt.get_unverified_header(encoded)
            claims = jwt.decode(encoded, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError, RecursionError):
            return cls(encoded, {}, {})
        return cls(encoded, header, claims)


def read_exchange(server: Server, request: Request, endpoint: str, now: float) -> Exchange:
    """Read what can be read of a request to a back-channel endpoint."""
    exchange = Exchange(server, request, now, endpoint, parameters=request.form)
    for name, value in exchange.parameters:
        if value:
            exchange.values.setdefault(name, value)
    scheme, _, token = request.header("Authorization").partition(" ")
    if scheme.lower() in {"bearer", "dpop"}:
        exchange.scheme, exchange.access_token = scheme.lower(), token.strip()
    exchange.client = server.config.client(_client_id(exchange))
    proof = request.header("DPoP")
    if request.header_all("DPoP"):
        exchange.dpop = DpopProof.read(proof)
    return exchange


def _client_id(exchange: Exchange) -> str:
    if exchange.basic:
        return exchange.basic[0]
    if exchange.get("client_assertion") and not exchange.get("client_id"):
        return str(DpopProof.read(exchange.get("client_assertion")).claims.get("sub", ""))
    return exchange.get("client_id")
