"""Good servers that cases are proved on: the reference server under its policies and dialects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.target.bundled import bundled_target
from conformance.target.model import Target
from reference_server import ServerConfig
from reference_server.demo import demo_config

ISSUER = "https://server.example"


@dataclass(frozen=True, slots=True)
class Ground:
    """A reference server and the target that fits it. No case may accuse it of anything."""

    name: str
    target: Target
    config: ServerConfig


def grounds() -> Mapping[str, Ground]:
    """Every ground by name; cases are proved on the first they apply to."""
    bundled = Ground("bundled", bundled_target(ISSUER), demo_config(ISSUER))
    return {ground.name: ground for ground in (bundled,)}
