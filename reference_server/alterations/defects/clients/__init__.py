"""Faults of client authentication: secrets and assertions."""

from __future__ import annotations

from tokenspec.reference_server.alterations.defects.clients import (
    assertion_claims,
    assertions,
    authentication,
    secrets,
)
from tokenspec.reference_server.alterations.model import Alteration

DEFECTS: tuple[Alteration, ...] = (
    *assertion_claims.DEFECTS,
    *assertions.DEFECTS,
    *authentication.DEFECTS,
    *secrets.DEFECTS,
)
