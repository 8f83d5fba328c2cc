"""What the profiles make of a requirement, in words."""

from __future__ import annotations

from collections.abc import Iterator

from tokenspec.conformance.profile.catalogue import own_profiles
from tokenspec.conformance.registry import Requirement


def level_by_profile(row: Requirement) -> str:
    """The level of a requirement by profile: `all`, or such as `rfc MUST, oauth-2.1 MAY`."""
    held = {
        profile.name: str(profile.effective(row).level)
        for profile in own_profiles()
        if row.prefix in profile.documents
    }
    if len(held) == len(own_profiles()) and set(held.values()) == {str(row.level)}:
        return "all"
    return ", ".join(f"{name} {level}" for name, level in held.items())


def readings(row: Requirement) -> Iterator[tuple[str, str]]:
    """Each profile that reads the requirement in a way of its own, with that reading."""
    seen = ""
    for profile in own_profiles():
        ruling = profile.rulings.get(row.id)
        if ruling is None or row.prefix not in profile.documents or ruling.reading in ("", seen):
            continue
        seen = seen or ruling.reading
        yield profile.name, f"{ruling.reading} {ruling.why} ({ruling.source})"
