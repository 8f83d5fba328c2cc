"""Faults of grants: how requests are read, codes and refresh tokens, what happens at once."""

from __future__ import annotations

from tokenspec.reference_server.alterations.defects.grants import (
    attempts,
    codes,
    lookups,
    moments,
    passwords,
    profiles,
    races,
    reading,
    refresh_kinds,
    refreshing,
    repeats,
    replays,
    shape,
    structured,
)
from tokenspec.reference_server.alterations.model import Alteration

DEFECTS: tuple[Alteration, ...] = (
    *attempts.DEFECTS,
    *codes.DEFECTS,
    *lookups.DEFECTS,
    *moments.DEFECTS,
    *passwords.DEFECTS,
    *profiles.DEFECTS,
    *races.DEFECTS,
    *reading.DEFECTS,
    *refresh_kinds.DEFECTS,
    *refreshing.DEFECTS,
    *repeats.DEFECTS,
    *replays.DEFECTS,
    *shape.DEFECTS,
    *structured.DEFECTS,
)
