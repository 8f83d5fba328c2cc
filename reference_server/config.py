"""What the server is set up with, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tokenspec.reference_server.keys import ALGORITHMS

SCOPES = ("openid", "profile", "email", "offline_access")


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client.

    Attributes:
        client_id: its identifier (RFC 6749 §2.2).
        auth_method: how it authenticates: `none`, `client_secret_basic`, `client_secret_post` or
            `private_key_jwt` (RFC 7591 §2).
        secret: its client_secret; empty where it has none.
        jwks: its public keys as a JWK set (RFC 7517 §5), for `private_key_jwt`.
        redirect_uris: where its users may be sent back to; matched exactly, but for the port of a
            loopback address (RFC 8252 §7.3).
        grant_types: the grants it may use.
        post_logout_redirect_uris: where its users may be sent to when they were signed out; matched
            exactly (OpenID Connect RP-Initiated Logout 1.0 §3).
        par_required: whether its authorization requests have to be pushed (RFC 9126 §6); None: as
            the policy has it for all.
    """

    client_id: str
    auth_method: str = "none"
    secret: str = field(default="", repr=False)
    jwks: Mapping[str, Any] | None = None
    redirect_uris: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ("authorization_code", "refresh_token")
    post_logout_redirect_uris: tuple[str, ...] = ()
    par_required: bool | None = None


@dataclass(frozen=True, slots=True)
class Api:
    """An API that tokens can be asked for.

    Attributes:
        audience: its name in the parameters `audience` and `resource` (RFC 8707 §2); an absolute
            URI without fragment. Access tokens for it are JWTs (RFC 9068).
        allow_offline_access: whether a refresh token may come with a token for it.
    """

    audience: str
    allow_offline_access: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """A user and the claims the server may tell of them.

    Attributes:
        username: what is typed into the login page.
        password: the same.
        sub: the subject identifier in tokens (OpenID Connect Core §2).
        claims: standard claims (OpenID Connect Core §5.1) and custom ones, the latter told only
            where they are named by a URL.
    """

    username: str
    password: str = field(repr=False)
    sub: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """The choices the specifications leave to a server. Times are in seconds.

    Attributes:
        plain_pkce: whether the challenge method `plain` is taken beside S256 (RFC 7636 §4.3).
        pkce_required: whether an authorization request needs a code_challenge.
        dpop_nonce: whether every DPoP proof has to hold a nonce of the server (RFC 9449 §8).
        par_required: whether authorization requests have to be pushed (RFC 9126 §5).
        request_objects: whether an authorization request may come as a signed JWT (RFC 9101).
        dpop_required: whether no token is issued without a proof.
        rotate_refresh_tokens: whether a refresh replaces the refresh token (RFC 9700 §4.14.2).
        rotate_with_credentials: whether it does so for clients with credentials as well, of which
            nobody demands it (RFC 9700 §2.2.2).
        rotation_overlap: for how long a refresh token still works after it was replaced.
        refresh_requires_offline_access: whether only that scope brings a refresh token.
        refresh_without_offline_access: whether a request without that scope brings one as well,
            of another kind, where the API allows it.
        redirect_uri_at_token: whether redirect_uri is sent to the token endpoint again
            (RFC 6749 §4.1.3).
        assertion_audience_issuer: whether client assertions name the issuer alone.
        jwt_access_tokens: whether every access token is a JWT: one for no API is for the issuer
            (RFC 9068 §3).
        client_algorithms: what may sign proofs and assertions.
        id_token_algorithm: what ID tokens and JWT access tokens are signed with.
        code_lifetime: how long a code is good for.
        request_uri_lifetime: how long a pushed request is (RFC 9126 §2.2).
        access_token_lifetime: how long an access token is.
        refresh_token_lifetime: how long a refresh token is.
        dpop_iat_window: how far the `iat` of a proof may be from now, either way.
    """

    plain_pkce: bool = False
    pkce_required: bool = True
    dpop_nonce: bool = False
    dpop_required: bool = False
    par_required: bool = False
    request_objects: bool = False
    rotate_refresh_tokens: bool = True
    rotate_with_credentials: bool = True
    rotation_overlap: int = 0
    refresh_requires_offline_access: bool = True
    refresh_without_offline_access: bool = False
    redirect_uri_at_token: bool = True
    assertion_audience_issuer: bool = False
    jwt_access_tokens: bool = False
    client_algorithms: tuple[str, ...] = ALGORITHMS
    id_token_algorithm: str = "RS256"
    code_lifetime: int = 60
    request_uri_lifetime: int = 300
    access_token_lifetime: int = 3600
    refresh_token_lifetime: int = 30 * 24 * 3600
    dpop_iat_window: int = 60


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Everything a server is made of.

    Attributes:
        issuer: its identifier, a URL without trailing slash (RFC 8414 §2); endpoints are below it.
        clients: those that are registered.
        users: those who can sign in.
        apis: what tokens can be asked for beside userinfo.
        scopes: the words of scope that the server knows.
        policy: its choices.
        dialect: how refusals are told and what is done otherwise: `rfc` or a vendor's.
        dialect_switches: the differences of the dialect that are on; None: its usual ones.
    """

    issuer: str
    clients: tuple[Client, ...]
    users: tuple[User, ...]
    apis: tuple[Api, ...] = ()
    scopes: tuple[str, ...] = SCOPES
    policy: Policy = Policy()
    dialect: str = "rfc"
    dialect_switches: tuple[str, ...] | None = None

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
