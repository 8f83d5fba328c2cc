"""Conforming servers to prove cases on: the reference server, by policies and dialects."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace

from tokenspec.conformance.target.bundled import (
    SETTINGS,
    bundled_config,
    bundled_keys,
    target_of,
)
from tokenspec.conformance.target.model import Endpoints, Target
from tokenspec.reference_server import ServerConfig
from tokenspec.reference_server.alterations.liberties import Liberty
from tokenspec.reference_server.core import PATHS
from tokenspec.reference_server.demo import (
    demo_config,
)
from tokenspec.reference_server.policies import with_policies

ISSUER = "https://server.example"
BUNDLED_SERVER = "bundled"
# By name: the switches turned, the dialect spoken, the profile it is judged by.
TABLE: Mapping[str, tuple[tuple[str, ...], str, str]] = {
    BUNDLED_SERVER: ((), "rfc", "rfc"),
    "plain-pkce": (("plain-pkce",), "rfc", "rfc"),
    "pkce-optional": (("pkce-optional",), "rfc", "rfc"),
    "no-dpop-nonce": (("no-dpop-nonce",), "rfc", "rfc"),
    "dpop-required": (("dpop-required",), "rfc", "rfc"),
    "par-required": (("par-required",), "rfc", "rfc"),
    "request-objects": (("request-objects",), "rfc", "rfc"),
    "no-rotation": (("confidential-only", "no-rotation"), "rfc", "rfc"),
    "rotation-overlap": (("rotation-overlap",), "rfc", "okta"),
    "own-scope": (("own-scope",), "rfc", "rfc"),
    "refresh-both": (("refresh-both",), "rfc", "rfc"),
    "refresh-always": (("refresh-always",), "rfc", "rfc"),
    "issuer-audience": (("assertions-only", "issuer-audience"), "rfc", "rfc"),
    "confidential-only": (("confidential-only",), "rfc", "rfc"),
    "jwt-access-tokens": (("jwt-access-tokens",), "rfc", "rfc"),
    **{profile: (*setting, profile) for profile, setting in SETTINGS.items()},
}


@dataclass(frozen=True, slots=True)
class ConformingServer:
    """A reference server and the target that fits it. It may fail no case.

    What the target's profile allows as a documented difference is not a failure.
    """

    name: str
    target: Target
    config: ServerConfig
    liberties: tuple[str, ...] = ()


def conforming_servers() -> Mapping[str, ConformingServer]:
    """Every conforming server by name; cases are proved on the first they apply to."""
    return {name: server_with((), name) for name in TABLE}


def server_with(
    liberties: Collection[Liberty], base: str = BUNDLED_SERVER, issuer: str = ISSUER
) -> ConformingServer:
    """A conforming server that takes these liberties; its target file says what follows from them.

    Args:
        liberties: what it does otherwise.
        base: the name of the server in `TABLE`.
        issuer: where it is.
    """
    switches, dialect, profile = TABLE[base]
    if base in SETTINGS:
        config = bundled_config(issuer, base)
    else:
        config = replace(with_policies(demo_config(issuer), switches), dialect=dialect)
    told = config
    for liberty in liberties:
        if liberty.alteration.configures:
            told = liberty.alteration.configures(told)
    target = target_of(told, bundled_keys(base))
    said = {name: has for liberty in liberties for name, has in liberty.states.items()}
    capabilities = {**target.capabilities, **said}
    target = replace(target, profile=profile, capabilities=capabilities)
    if any(liberty.endpoints_named for liberty in liberties):
        known = [item.name for item in fields(Endpoints) if item.name in PATHS]
        found = {name: told.issuer + PATHS[name] for name in known}
        target = replace(target, endpoints=Endpoints(**found))
    names = tuple(liberty.name for liberty in liberties)
    return ConformingServer("+".join((base, *names)), target, config, names)
