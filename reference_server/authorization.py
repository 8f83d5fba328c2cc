"""One request to the authorization endpoint, as guards see it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tokenspec.reference_server.config import Client
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.seams import Seam, seam
from tokenspec.reference_server.store import Pushed

Parameters = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Authorization:
    """An authorization request; an empty parameter counts as absent (RFC 6749 §3.1).

    `values` are those that count: of a request that was `pushed` (RFC 9126 §4) what was pushed.
    """

    core: Core
    parameters: Parameters
    now: float
    client: Client | None = None
    values: dict[str, str] = field(default_factory=dict)
    pushed: Pushed | None = None
    pushing: bool = False  # it is being pushed just now

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
    authorization.client = core.config.client(authorization.get("client_id"))
    return authorization


def pushed_values(pushed: Pushed, asked: Authorization) -> dict[str, str]:
    """RFC 9101 §6.3: what was pushed and nothing beside it, for the client that is named."""
    return {**dict(pushed.parameters), "client_id": asked.get("client_id")}
