"""Dialects: how a server words and numbers its refusals, as data beside this module."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources

import yaml

from reference_server.errors import OAuthError


@dataclass(frozen=True, slots=True)
class Told:
    """A refusal as a dialect tells it. `source` and `confidence` say how that is known."""

    status: int
    error: str
    description: str = ""
    source: str = ""
    confidence: str = ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """Rows by name of a guard, or by error code where no row names the guard."""

    name: str
    json_bodies: bool = False
    nonce_for_public_clients: bool = False
    rows: Mapping[str, Told] = field(default_factory=dict)

    def told(self, guard: str, error: OAuthError) -> OAuthError:
        """How the dialect tells a refusal of `guard`."""
        row = self.rows.get(guard) or self.rows.get(error.error)
        if row is None:
            return error
        return OAuthError(row.error, error.cause, row.status, row.description)


@functools.cache
def load_dialect(name: str) -> Dialect:
    """A bundled dialect.

    Raises:
        ValueError: there is none of that name.
    """
    folder = resources.files(__name__)
    known = sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if ".yaml" in f.name)
    if name not in known:
        raise ValueError(f"unknown dialect {name!r}; there is: {', '.join(known)}")
    content = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
    return Dialect(
        name=name,
        json_bodies=content.get("json_bodies", False),
        nonce_for_public_clients=content.get("nonce_for_public_clients", False),
        rows={key: Told(**row) for key, row in content.get("rows", {}).items()},
    )
