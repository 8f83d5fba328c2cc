"""One request to the authorization endpoint, as guards see it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tokenspec.reference_server.config import Client
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.jwts import UnverifiedJwt
from tokenspec.reference_server.seams import Seam, seam
from tokenspec.reference_server.store import Pushed

Parameters = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Authorization:
    """An authorization request; an empty parameter counts as absent (RFC 6749 §3.1).

    `values` are those that count: of a request that was `pushed` (RFC 9126 §4) what was pushed,
    of one with a `request_object` what stands in that (RFC 9101 §6.3).
    """

    core: Core
    parameters: Parameters
    now: float
    client: Client | None = None
    values: dict[str, str] = field(default_factory=dict)
    pushed: Pushed | None = None
    pushing: bool = False  # it is being pushed just now
    request_object: UnverifiedJwt | None = None  # RFC 9101

    def get(self, name: str) -> str:
        """The first value of a parameter; empty where absent."""
        return self.values.get(name, "")

    @property
    def audience(self) -> str:
        """The API the tokens are for, by `audience` or by `resource` (RFC 8707 §2)."""
        return self.get("audience") or self.get("resource")

    @property
    def redirect_uri(self) -> str:
        """Where the answer goes: as asked, else the only one registered (RFC 6749 §3.1.2.3)."""
        registered = self.client.redirect_uris if self.client else ()
        only = registered[0] if len(registered) == 1 else ""
        return self.core.tell(DESTINATION, self.get("redirect_uri") or only, self)


DESTINATION: Seam[str, Authorization] = seam(
    "destination", "where the answer to an authorization request goes; empty where nothing says"
)
PUSHED_VALUES: Seam[dict[str, str], Authorization] = seam(
    "pushed_values", "the parameters that count where a request was pushed"
)


OBJECT_VALUES: Seam[dict[str, str], Authorization] = seam(
    "request_object_values", "the parameters that count where there is a request object"
)
OF_EVERY_JWT = ("iss", "sub", "aud", "exp", "nbf", "iat", "jti")  # RFC 7519 §4.1


def read_authorization(core: Core, parameters: Parameters) -> Authorization:
    """An authorization request, read without being believed."""
    authorization = Authorization(core, parameters, core.now())
    for name, value in parameters:
        if value:
            authorization.values.setdefault(name, value)
    pushed = core.store.pushed(authorization.get("request_uri"))
    if pushed is not None:
        authorization.pushed = pushed
        values = pushed_values(pushed, authorization)
        authorization.values = core.tell(PUSHED_VALUES, values, authorization)
    read_request_object(authorization)
    authorization.client = core.config.client(authorization.get("client_id"))
    return authorization


def read_request_object(asked: Authorization) -> None:
    """RFC 9101 §6.3: what stands in a request object and nothing beside it, but for client_id."""
    if not asked.core.policy.request_objects or not asked.get("request"):
        return
    asked.request_object = UnverifiedJwt.read(asked.get("request"))
    claims = asked.request_object.claims
    stated = {n: _as_text(value) for n, value in claims.items() if n not in OF_EVERY_JWT}
    values = {**stated, "client_id": asked.get("client_id")}
    asked.values = asked.core.tell(OBJECT_VALUES, values, asked)


def _as_text(value: Any) -> str:
    """OpenID Connect Core §6.1: numbers and JSON objects stand in the object as they are."""
    return value if isinstance(value, str) else json.dumps(value)


def pushed_values(pushed: Pushed, asked: Authorization) -> dict[str, str]:
    """RFC 9101 §6.3: what was pushed and nothing beside it, for the client that is named."""
    return {**dict(pushed.parameters), "client_id": asked.get("client_id")}
