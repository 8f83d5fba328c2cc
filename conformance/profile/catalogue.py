"""Profiles and presets by name, from the data folders beside this module."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

from tokenspec.conformance.documents import suggest
from tokenspec.conformance.errors import HarnessError, UnusableFile, UsageError
from tokenspec.conformance.profile.loader import Draft, read_preset, read_profile
from tokenspec.conformance.profile.model import Preset, Profile
from tokenspec.conformance.target.model import DEFAULT_PROFILE


def names() -> tuple[str, ...]:
    """Every name `--profile` takes: the profiles, then the presets that are not profiles."""
    own = _named("profiles")
    return (*own, *(name for name in _named("presets") if name not in own))


def own_profiles() -> tuple[Profile, ...]:
    """The profiles that are more than a preset, the default first."""
    return tuple(load_profile(name) for name in _named("profiles"))


def profiles() -> tuple[Profile, ...]:
    """Every profile, and every preset as the profile it stands for."""
    return tuple(load_profile(name) for name in names())


@functools.cache
def load_profile(name: str) -> Profile:
    """The profile of that name; a preset's name means `rfc` with the vendor's differences allowed.

    Raises:
        UsageError: there is none; the hint names the closest.
        HarnessError: a bundled file is wrong; names file and line.
    """
    if name in _named("profiles"):
        return _finished(name)
    if name in _named("presets"):
        return _of_preset(load_preset(name))
    hint = f"{suggest(name, names())}; 'tokenspec list --profiles' shows what each is"
    raise UsageError(f"unknown profile {name!r}", hint)


@functools.cache
def load_preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        UsageError: there is none; the hint names the closest.
        HarnessError: a bundled file is wrong; names file and line.
    """
    known = _named("presets")
    if name not in known:
        raise UsageError(f"unknown preset {name!r}", suggest(name, known))
    file = known[name]
    try:
        return read_preset(file.name, file.read_text(encoding="utf-8"))
    except UnusableFile as error:
        raise HarnessError(f"a preset is wrong\n{error}") from error


def recognise(issuer: str, metadata: Mapping[str, Any]) -> str:
    """The preset of the vendor whose server this is, by its metadata; empty where none is known."""
    for name in _named("presets"):
        if any(known.fits(issuer, metadata) for known in load_preset(name).recognised_by):
            return name
    return ""


def _finished(name: str) -> Profile:
    """A profile with what it takes over from the one it extends."""
    draft = _draft(name)
    profile = replace(draft.profile, presets=tuple(map(load_preset, draft.presets)))
    if not draft.extends:
        return profile
    base = load_profile(draft.extends)
    return replace(
        profile,
        documents=base.documents | profile.documents,
        rulings=MappingProxyType({**base.rulings, **profile.rulings}),
        capabilities=MappingProxyType({**base.capabilities, **profile.capabilities}),
    )


def _of_preset(preset: Preset) -> Profile:
    base = load_profile(DEFAULT_PROFILE)
    return replace(
        base,
        name=preset.name,
        title=f"{preset.vendor}: {base.name}, with documented differences allowed",
        date=preset.date,
        summary=preset.summary,
        presets=(preset,),
    )


def _draft(name: str) -> Draft:
    file = _named("profiles")[name]
    try:
        return read_profile(file.name, file.read_text(encoding="utf-8"))
    except UnusableFile as error:
        raise HarnessError(f"a profile is wrong\n{error}") from error


@functools.cache
def _named(folder: str) -> dict[str, Traversable]:
    """The files of a data folder by the names they define; the default profile first."""
    here = resources.files("tokenspec.conformance.profile") / folder
    files = [file for file in here.iterdir() if file.name.endswith(".yaml")]
    named = {file.name.removesuffix(".yaml"): file for file in files}
    return {
        name: named[name]
        for name in sorted(named, key=lambda name: (name != DEFAULT_PROFILE, name))
    }
