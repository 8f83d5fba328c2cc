"""Faults of grants: how requests are read, codes and refresh tokens, what happens at once."""

from __future__ import annotations

from tokenspec.reference_server.alterations.defects.grants import (
    codes,
    profiles,
    races,
    reading,
    refreshing,
    replays,
    shape,
)
from tokenspec.reference_server.alterations.model import Alteration

DEFECTS: tuple[Alteration, ...] = (
    *codes.DEFECTS,
    *profiles.DEFECTS,
    *races.DEFECTS,
    *reading.DEFECTS,
    *refreshing.DEFECTS,
    *replays.DEFECTS,
    *shape.DEFECTS,
)
