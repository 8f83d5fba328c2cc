"""The server: a core and its endpoints, and what is altered of them from outside."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterable
from types import MappingProxyType

from tokenspec.reference_server.alterations.dialects import dialect_of
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.config import Policy, ServerConfig
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.routes import respond, routes
from tokenspec.reference_server.keys import SigningKey, process_key
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.seams import Seams
from tokenspec.reference_server.store import MemoryStore, Store


class Server:
    """A reference authorization server.

    Args:
        config: clients, users, APIs and policy; a dialect by its name.
        clock: seconds since the epoch.
        random_bytes: gives so many random bytes.
        defects: names of defects (`tokenspec serve --list-defects` lists them).
        liberties: names of liberties (`tokenspec serve --list-liberties` lists them).
        alterations: further ones, made by hand.
        key: what tokens are signed with; default one for the whole process.
        store: what is remembered, and where; default in memory.

    Raises:
        ValueError: a defect, liberty, dialect or seam is not known.
    """

    def __init__(
        self,
        config: ServerConfig,
        *,
        clock: Callable[[], float] = time.time,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
        defects: Collection[str] = (),
        liberties: Collection[str] = (),
        alterations: Iterable[Alteration] = (),
        key: SigningKey | None = None,
        store: Store | None = None,
    ) -> None:
        applied = (
            *dialect_of(config).alterations(),
            *_named(liberties, defects),
            *alterations,
        )
        plain = Core(
            config=config,
            store=store or MemoryStore(),
            clock=clock,
            random_bytes=random_bytes,
            key=key or process_key(),
            nonce_key=random_bytes(32),
        )
        self.core = altered(plain, applied)
        self.altered_by = tuple(item.name for item in applied)
        self.served = tuple(item.served for item in applied if item.served)
        self._routes = routes(self.core)

    @property
    def config(self) -> ServerConfig:
        """What the server is set up with."""
        return self.core.config

    @property
    def policy(self) -> Policy:
        """The choices the specifications leave to a server."""
        return self.core.policy

    @property
    def store(self) -> Store:
        """What the server remembers."""
        return self.core.store

    def endpoint(self, name: str) -> str:
        """The URL of an endpoint, by its name in `core.PATHS`."""
        return self.core.endpoint(name)

    def now(self) -> float:
        """Seconds since the epoch, by the injected clock."""
        return self.core.now()

    def handle(self, request: Request) -> Response:
        """Answer one request; safe to call from many threads."""
        return respond(self.core, self._routes, request)


def _named(liberties: Collection[str], defects: Collection[str]) -> tuple[Alteration, ...]:
    """The alterations of these names; a server without any loads none of the hundreds there are."""
    if not liberties and not defects:
        return ()
    from tokenspec.reference_server.alterations import catalogue  # noqa: PLC0415 - as said above

    return (*map(catalogue.liberty_named, liberties), *map(catalogue.defect_named, defects))


def altered(core: Core, applied: Iterable[Alteration]) -> Core:
    """A core with alterations applied, in order: of two checks of one guard the last one stands.

    Raises:
        ValueError: a seam is not known.
    """
    applied = tuple(applied)
    config, store, clock = core.config, core.store, core.clock
    for item in applied:
        config = item.configures(config) if item.configures else config
        store = item.store(store) if item.store else store
        clock = item.clock(clock) if item.clock else clock
    checks = {name: check for item in applied for name, check in item.guards.items()}
    return Core(
        config=config,
        store=store,
        clock=clock,
        random_bytes=core.random_bytes,
        key=core.key.with_algorithm(config.policy.id_token_algorithm),
        nonce_key=core.nonce_key,
        checks=MappingProxyType(checks),
        seams=Seams(item.tells for item in applied),
    )
