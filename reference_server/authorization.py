"""One request to the authorization endpoint, as guards see it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tokenspec.reference_server.config import Client
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.seams import Seam, seam

Parameters = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Authorization:
    """An authorization request; an empty parameter counts as absent (RFC 6749 §3.1)."""

    core: Core
    parameters: Parameters
    now: float
    client: Client | None = None
    values: dict[str, str] = field(default_factory=dict)

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


def read_authorization(core: Core, parameters: Parameters) -> Authorization:
    """An authorization request, read without being believed."""
    authorization = Authorization(core, parameters, core.now())
    for name, value in parameters:
        if value:
            authorization.values.setdefault(name, value)
    authorization.client = core.config.client(authorization.get("client_id"))
    return authorization
