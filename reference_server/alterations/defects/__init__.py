"""Every way the server can be made wrong: each guard taken out, and faults by hand."""

from __future__ import annotations

from types import MappingProxyType

from tokenspec.reference_server import grants as _every_guard  # noqa: F401 - registers them
from tokenspec.reference_server.alterations.building import nothing
from tokenspec.reference_server.alterations.defects import (
    authorization,
    clients,
    dpop,
    grants,
    issued,
    resources,
    users,
)
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.guarding import GUARDS, Guard


def _taken_out(guard: Guard) -> Alteration:
    summary = f"left out: {guard.summary}"
    return Alteration(guard.name, guard.requirement, summary, {guard.name: nothing})


BY_HAND: tuple[Alteration, ...] = (
    *authorization.DEFECTS,
    *clients.DEFECTS,
    *dpop.DEFECTS,
    *grants.DEFECTS,
    *issued.DEFECTS,
    *resources.DEFECTS,
    *users.DEFECTS,
)
DEFECTS = MappingProxyType(
    {name: _taken_out(guard) for name, guard in GUARDS.items()}
    | {defect.name: defect for defect in BY_HAND}
)

__all__ = ["DEFECTS"]
