"""Dialects: where a vendor's server differs, as data beside this module.

A dialect is a list of switches. A row tells how a refusal is worded and numbered, and its switch
has the name of the guard (or error code) it speaks for; the others change what the server does.
Each can be turned on alone, so that one difference can be shown without the rest.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any

import yaml

from tokenspec.reference_server.errors import OAuthError

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

    def told(self, guard: str, error: OAuthError) -> OAuthError:
        """How the dialect tells a refusal of `guard`."""
        for name in (guard, error.error):
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
