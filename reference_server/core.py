"""What every part of the server takes: configuration, store, clock, randomness, key and seams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tokenspec.reference_server.config import Policy, ServerConfig
from tokenspec.reference_server.guarding import Check
from tokenspec.reference_server.keys import SigningKey, base64url
from tokenspec.reference_server.seams import About, Seam, Seams, Value
from tokenspec.reference_server.store import Store

PATHS = {
    "authorization": "/authorize",
    "login": "/login",
    "consent": "/consent",
    "par": "/oauth/par",
    "token": "/oauth/token",
    "userinfo": "/userinfo",
    "resource": "/resource",
    "revocation": "/oauth/revoke",
    "introspection": "/oauth/introspect",
    "logout": "/oidc/logout",
    "jwks": "/.well-known/jwks.json",
    "openid-configuration": "/.well-known/openid-configuration",
}


@dataclass(frozen=True, slots=True)
class Core:
    """The surroundings of a request, injected.

    `clock` gives seconds since the epoch, `random_bytes` so many random bytes. `nonce_key` is what
    DPoP nonces are derived from. `checks` has, by the name of a guard, the check that stands in its
    place; empty in a server that nothing alters, as `seams` is.
    """

    config: ServerConfig
    store: Store
    clock: Callable[[], float]
    random_bytes: Callable[[int], bytes]
    key: SigningKey
    nonce_key: bytes = field(repr=False)
    checks: Mapping[str, Check] = field(default_factory=lambda: MappingProxyType({}))
    seams: Seams = field(default_factory=Seams)

    @property
    def policy(self) -> Policy:
        """The choices the specifications leave to a server."""
        return self.config.policy

    def endpoint(self, name: str) -> str:
        """The URL of an endpoint, by its name in `PATHS`."""
        return self.config.issuer + PATHS[name]

    def now(self) -> float:
        """Seconds since the epoch, by the injected clock."""
        return self.clock()

    def random_text(self) -> str:
        """256 random bits as base64url."""
        return base64url(self.random_bytes(32))

    def tell(self, at: Seam[Value, About], value: Value, about: About) -> Value:
        """A value on its way through a seam."""
        return self.seams.tell(at, value, about)
