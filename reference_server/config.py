"""What the server is set up with, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tokenspec.reference_server.keys import ALGORITHMS

SCOPES = ("openid", "profile", "email", "offline_access")


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client."""

    client_id: str
    auth_method: str = "none"
    secret: str = field(default="", repr=False)
    jwks: Mapping[str, Any] | None = None
    redirect_uris: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ("authorization_code", "refresh_token")


@dataclass(frozen=True, slots=True)
class Api:
    """An API named by the `audience` parameter."""

    audience: str
    allow_offline_access: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """A user and the claims the server may tell of them."""

    username: str
    password: str = field(repr=False)
    sub: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """The choices the specifications leave to a server. Times are in seconds.

    `rotation_overlap` is for how long a refresh token still works after it was replaced;
    `redirect_uri_at_token` whether it has to be sent to the token endpoint again; with
    `dpop_required` no token is issued without a proof; `client_algorithms` sign proofs and
    assertions.
    """

    plain_pkce: bool = False
    pkce_required: bool = True
    dpop_nonce: bool = False
    dpop_required: bool = False
    rotate_refresh_tokens: bool = True
    rotation_overlap: int = 0
    refresh_requires_offline_access: bool = True
    redirect_uri_at_token: bool = True
    assertion_audience_issuer: bool = False
    client_algorithms: tuple[str, ...] = ALGORITHMS
    id_token_algorithm: str = "RS256"
    code_lifetime: int = 60
    access_token_lifetime: int = 3600
    refresh_token_lifetime: int = 30 * 24 * 3600
    dpop_iat_window: int = 60


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Everything a server is made of. `issuer` has no trailing slash.

    `scopes` are the words of scope that it knows.
    """

    issuer: str
    clients: tuple[Client, ...]
    users: tuple[User, ...]
    apis: tuple[Api, ...] = ()
    scopes: tuple[str, ...] = SCOPES
    policy: Policy = Policy()
    dialect: str = "rfc"
    dialect_switches: tuple[str, ...] | None = None  # None: the usual ones of the dialect

    @property
    def offered_scopes(self) -> tuple[str, ...]:
        """The words of scope a client may ask for; offline_access only where it means something."""
        offline = self.policy.refresh_requires_offline_access
        return tuple(word for word in self.scopes if word != "offline_access" or offline)

    def client(self, client_id: str) -> Client | None:
        """The client of that id."""
        return next((c for c in self.clients if c.client_id == client_id), None)

    def api(self, audience: str) -> Api | None:
        """The API of that audience."""
        return next((api for api in self.apis if api.audience == audience), None)

    def subject(self, sub: str) -> User | None:
        """The user of that subject identifier."""
        return next((user for user in self.users if user.sub == sub), None)

    def user(self, username: str) -> User | None:
        """The user of that name."""
        return next((user for user in self.users if user.username == username), None)
