"""How properties are tried: as often as asked, and never by the clock."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("without-a-deadline", deadline=None)
settings.load_profile("without-a-deadline")
