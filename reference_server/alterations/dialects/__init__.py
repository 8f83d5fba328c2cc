"""Dialects: where a vendor's server differs, as data beside this module.

A dialect is a list of switches. A row tells how a refusal is worded and numbered, and its switch
has the name of the guard (or error code) it speaks for; the others are alterations of their own, in
a module of the dialect's name. Each can be turned on alone, so that one difference can be shown
without the rest.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any

import yaml

from tokenspec.reference_server.alterations.dialects import auth0
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.config import ServerConfig
from tokenspec.reference_server.endpoints.answers import Refused
from tokenspec.reference_server.errors import OAuthError

DONE: Mapping[str, Mapping[str, Alteration]] = {"auth0": auth0.DONE}

CONFIDENCES = ("recorded", "documented", "observed")


@dataclass(frozen=True, slots=True)
class Told:
    """A refusal as a dialect tells it."""

    status: int
    error: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Switch:
    """One difference. `source` and `confidence` say how it is known.

    `usual` says whether it is on where nobody asks for it.
    """

    name: str
    source: str
    confidence: str
    summary: str = ""
    usual: bool = True
    told: Told | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """The switches of a vendor by name, and which of them are on."""

    name: str
    switches: Mapping[str, Switch] = field(default_factory=dict)
    on: frozenset[str] = frozenset()

    def has(self, name: str) -> bool:
        """Whether a difference is on."""
        return name in self.on

    def alterations(self) -> tuple[Alteration, ...]:
        """What is altered of a server that speaks this dialect."""
        done = DONE.get(self.name, {})
        own = tuple(done[name] for name in self.switches if name in self.on and name in done)
        if not any(self.switches[name].told for name in self.on):
            return own
        wording = Alteration(self.name, "", "how refusals are told", tells={"error": self.told})
        return (*own, wording)

    def told(self, error: OAuthError, about: Refused) -> OAuthError:
        """How the dialect tells a refusal: known of the token endpoint, and of no other."""
        if about.exchange.endpoint != "token":
            return error
        for name in (about.guard.name, error.error):
            row = self.switches[name].told if name in self.on else None
            if row is not None:
                return OAuthError(row.error, error.cause, row.status, row.description)
        return error

    def only(self, names: Collection[str]) -> Dialect:
        """The dialect with these switches on and no other.

        Raises:
            ValueError: a switch is not known.
        """
        for name in names:
            if name not in self.switches:
                close = difflib.get_close_matches(name, self.switches, n=1)
                known = f"did you mean {close[0]!r}?" if close else ", ".join(self.switches)
                raise ValueError(f"the dialect {self.name} has no switch {name!r}; {known}")
        return replace(self, on=frozenset(names))


@functools.cache
def load_dialect(name: str) -> Dialect:
    """A bundled dialect, its usual switches on.

    Raises:
        ValueError: there is none of that name.
    """
    folder = resources.files(__name__)
    known = sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if ".yaml" in f.name)
    if name not in known:
        raise ValueError(f"unknown dialect {name!r}; there is: {', '.join(known)}")
    content = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
    switches = {key: _switch(key, fields) for key, fields in content["switches"].items()}
    usual = frozenset(key for key, switch in switches.items() if switch.usual)
    return Dialect(name, switches, usual)


def _switch(name: str, fields: Mapping[str, Any]) -> Switch:
    told = fields.get("told")
    rest = {key: value for key, value in fields.items() if key != "told"}
    return Switch(name, told=Told(**told) if told else None, **rest)


def dialect_of(config: ServerConfig) -> Dialect:
    """The dialect of a configuration, with the switches it names or else the usual ones.

    Raises:
        ValueError: the dialect or a switch of it is not known.
    """
    dialect = load_dialect(config.dialect)
    return dialect if config.dialect_switches is None else dialect.only(config.dialect_switches)
