"""Faults of client authentication: secrets and assertions."""

from __future__ import annotations

from tokenspec.reference_server.alterations.defects.clients import (
    assertions,
    authentication,
)
from tokenspec.reference_server.alterations.model import Alteration

DEFECTS: tuple[Alteration, ...] = (
    *assertions.DEFECTS,
    *authentication.DEFECTS,
)
