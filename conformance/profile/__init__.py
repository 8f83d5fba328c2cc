"""Profiles and presets: what a target is held to, and what a vendor is documented to do."""

from tokenspec.conformance.profile.catalogue import load_preset, load_profile, profiles, recognise
from tokenspec.conformance.profile.model import (
    Confidence,
    Default,
    Deviation,
    EffectiveRequirement,
    Evidence,
    Preset,
    Profile,
    Recognition,
    Ruling,
)

__all__ = [
    "Confidence",
    "Default",
    "Deviation",
    "EffectiveRequirement",
    "Evidence",
    "Preset",
    "Profile",
    "Recognition",
    "Ruling",
    "load_preset",
    "load_profile",
    "profiles",
    "recognise",
]
