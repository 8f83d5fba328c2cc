"""What an alteration is: how one server differs from the one that the specifications describe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tokenspec.reference_server.config import ServerConfig
from tokenspec.reference_server.guarding import Check
from tokenspec.reference_server.seams import Alter
from tokenspec.reference_server.store import Store

Clock = Callable[[], float]


def _nothing() -> Mapping[str, Alter]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Alteration:
    """A difference with a name, the requirement it touches, and one sentence.

    All of it is applied from outside when a server is made:

    Attributes:
        guards: by the name of a guard, the check in its place; `building.nothing` takes it out.
        tells: by the name of a seam, a function of the right value and of what it is about.
        configures: what is made of the configuration.
        store: what is put around the store.
        clock: what is put around the clock (seconds since the epoch).
        served: what is put around the ASGI application that serves it over HTTP.
    """

    name: str
    requirement: str
    summary: str
    guards: Mapping[str, Check] = field(default_factory=lambda: MappingProxyType({}))
    tells: Mapping[str, Alter] = field(default_factory=_nothing)
    configures: Callable[[ServerConfig], ServerConfig] | None = None
    store: Callable[[Store], Store] | None = None
    clock: Callable[[Clock], Clock] | None = None
    served: Callable[[Any], Any] | None = None
