"""One request to the token, userinfo, revocation or introspection endpoint, as guards see it."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from tokenspec.reference_server.config import Client
from tokenspec.reference_server.guarding import behaviour
from tokenspec.reference_server.keys import base64url_decode, thumbprint
from tokenspec.reference_server.messages import Request
from tokenspec.reference_server.store import Code, Token

if TYPE_CHECKING:
    from tokenspec.reference_server.server import Server

PARTS = 3  # of a compact JWS
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


BODY_ONLY = behaviour(
    "request.body_only", "RFC6749-3.2-post_only", "parameters count in the body only"
)
SCHEME_DPOP = behaviour(
    "resource.scheme_dpop", "RFC9449-7.1-scheme_dpop", "a bound token is taken with its scheme"
)
SCHEME_ANY_CASE = behaviour(
    "resource.scheme_any_case",
    "OAUTH21-5.1.1-scheme_case_insensitive",
    "the scheme of an access token is read without regard to case",
)
BASIC_DECODED = behaviour(
    "client.basic_form_decoded",
    "RFC6749-2.3.1-basic_form_encoding",
    "both parts of Basic credentials are form-decoded",
)
TOKEN_IN_FORM = behaviour(
    "resource.token_in_form", "RFC6750-2.2-body_method", "a bearer token in a form counts as well"
)
NOT_IN_QUERY = behaviour(
    "resource.token_not_in_query",
    "RFC6750-2.3-query_method",
    "a bearer token in the query does not count",
)
QUERY_PRIVATE = behaviour(
    "resource.query_private",
    "RFC6750-2.3-query_cache_private",
    "no answer to a bearer token in the query may be kept by caches, as there is none",
)
REQUIRED_MEMBERS = behaviour(
    "dpop.thumbprint_members",
    "RFC7638-3-thumbprint_input",
    "a thumbprint is made of the required members of a key alone",
)
ANY_CASE_HEADER = behaviour(
    "dpop.header_any_case",
    "RFC9449-4.1-header_name_case",
    "the name of the DPoP header is read without regard to case",
)
STRICT_JSON = behaviour(
    "dpop.strict_json", "RFC7515-10.12-strict_json", "nothing may stand behind the JSON of a proof"
)
NO_PADDING = behaviour(
    "dpop.no_padding",
    "RFC7515-2-base64url_no_padding",
    "the parts of a proof have no padding",
)
BAD_PROOF_COUNTS = behaviour(
    "dpop.bad_proof_not_ignored",
    "RFC9449-5-invalid_proof_not_ignored",
    "a DPoP header that is no JWT is not taken for none",
)


@dataclass(slots=True)
class Exchange:
    """A request with what could be read from it. Reading never refuses: that is for guards."""

    server: Server
    request: Request
    now: float
    endpoint: str
    parameters: tuple[tuple[str, str], ...] = ()
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
        return self.server.endpoint(self.endpoint)

    @property
    def public(self) -> bool:
        """Whether the client has no credentials."""
        return self.client is None or self.client.auth_method == "none"

    @property
    def jkt(self) -> str:
        """The thumbprint of the proof's key; empty without a proof."""
        jwk = self.dpop.header.get("jwk") if self.dpop else None
        if not isinstance(jwk, dict):
            return ""
        return thumbprint(jwk, every_member=not self.server.behaves(REQUIRED_MEMBERS))

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
        if not self.server.behaves(BASIC_DECODED):
            return user, secret
        return unquote_plus(user), unquote_plus(secret)


@dataclass(frozen=True, slots=True)
class UnverifiedJwt:
    """A compact JWS taken apart without being believed; empty where it cannot be read."""

    encoded: str
    well_formed: bool = False
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    signature: bytes = b""

    @property
    def signing_input(self) -> bytes:
        """What the signature is made over (RFC 7515 §5.2)."""
        return self.encoded.rpartition(".")[0].encode()

    @classmethod
    def read(cls, encoded: str, *, strict: bool = True) -> UnverifiedJwt:
        """Take a compact JWS apart; of a list of them the first, which is then not well-formed.

        Not `strict`: what stands behind the JSON is overlooked, as no server should.
        """
        if not encoded:
            return cls("")
        first = encoded.split(",", maxsplit=1)[0].strip()
        parts = first.split(".")
        try:
            read = _json if strict else _json_and_more
            header, claims = (read(base64url_decode(part)) for part in parts[:2])
            signature = base64url_decode(parts[2])
        except (ValueError, IndexError, RecursionError):
            return cls(encoded)
        if not (isinstance(header, dict) and isinstance(claims, dict)):
            return cls(encoded)
        whole = first == encoded and len(parts) == PARTS
        return cls(first, whole, header, claims, signature)


def _json(text: bytes) -> Any:
    """Strict JSON (RFC 8259 §6): Python would read NaN and Infinity too."""
    return json.loads(text, parse_constant=_no_number)


def _json_and_more(text: bytes) -> Any:
    return json.JSONDecoder().raw_decode(text.decode())[0]


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def read_exchange(server: Server, request: Request, endpoint: str, now: float) -> Exchange:
    """Read what can be read of a request to a back-channel endpoint."""
    exchange = Exchange(server, request, now, endpoint, parameters=_parameters(server, request))
    for name, value in exchange.parameters:
        if value:
            exchange.values.setdefault(name, value)
    scheme, _, token = request.header("Authorization").partition(" ")
    known = ("Bearer", "DPoP") if server.behaves(SCHEME_DPOP) else ("Bearer",)
    spelled = str.lower if server.behaves(SCHEME_ANY_CASE) else str
    if spelled(scheme) in map(spelled, known):
        exchange.scheme, exchange.access_token = scheme.lower(), token.strip()
    if endpoint == "userinfo":
        _read_bearer(exchange)
    exchange.client = server.config.client(_client_id(exchange))
    named = server.behaves(ANY_CASE_HEADER) or any(name == "DPoP" for name, _ in request.headers)
    if request.header_all("DPoP") and named:
        encoded = request.header("DPoP")
        if not server.behaves(NO_PADDING):
            encoded = encoded.replace("=", "")
        proof = UnverifiedJwt.read(encoded, strict=server.behaves(STRICT_JSON))
        if proof.header or server.behaves(BAD_PROOF_COUNTS):
            exchange.dpop = proof
    return exchange


def _read_bearer(exchange: Exchange) -> None:
    """A bearer token in a form that was posted (RFC 6750 §2.2), never one in the query (§2.3)."""
    server, request = exchange.server, exchange.request
    exchange.values.pop("access_token", None)
    posted = request.method == "POST" and server.behaves(TOKEN_IN_FORM)
    unbound = "resource.query_token_unbound" in server.defects
    queried = unbound or (not (server.behaves(NOT_IN_QUERY) and server.behaves(QUERY_PRIVATE)))
    pairs = (*(request.form if posted else ()), *(request.query if queried else ()))
    shown = dict(pairs).get("access_token", "")
    if shown:
        exchange.values["access_token"] = shown
    if shown and not exchange.access_token:
        exchange.scheme, exchange.access_token = "bearer", shown


def _parameters(server: Server, request: Request) -> tuple[tuple[str, str], ...]:
    """The form in the body, or a JSON object where the dialect takes one.

    Without the guard for either, the query counts too: that is the fault it stands against.
    """
    if server.dialect.has("json_bodies") or "request.form_encoded" in server.defects:
        try:
            content = json.loads(request.body)
        except (ValueError, RecursionError):
            content = None
        if isinstance(content, dict):
            return tuple((str(name), str(value)) for name, value in content.items())
    if not server.behaves(BODY_ONLY) or "request.get_accepted" in server.defects:
        return (*request.form, *request.query)
    return request.form


def _client_id(exchange: Exchange) -> str:
    if exchange.basic:
        return exchange.basic[0]
    if exchange.get("client_assertion") and not exchange.get("client_id"):
        return str(UnverifiedJwt.read(exchange.get("client_assertion")).claims.get("sub", ""))
    return exchange.get("client_id")
