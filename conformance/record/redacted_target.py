"""A target file as it may be handed on: without comments, and without anything secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from tokenspec.conformance.target import format as tables

LEFT_OUT = "(left out)"
SHORTEST = 4  # characters of a secret that is looked for elsewhere
SECRET_KEYS = frozenset(
    name
    for section in vars(tables).values()
    if isinstance(section, tables.Section)
    for name, key in section.keys.items()
    if key.shape == tables.SECRET
)
PROGRAMS = ("command", "start")  # what runs on the tester's machine may carry anything
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")


def without_secrets(text: str) -> str:
    """The target file again, as YAML; references to the environment and to files stay."""
    content = yaml.safe_load(text)
    shown = yaml.safe_dump(_cleaned(content), sort_keys=False, allow_unicode=True)
    for secret in sorted(_secrets(content), key=len, reverse=True):
        shown = shown.replace(secret, LEFT_OUT)
    return shown


def _secrets(value: Any, name: str = "") -> Iterator[str]:
    """Secrets that stand in the file itself, which may be repeated elsewhere in it."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _secrets(item, str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _secrets(item, name)
    elif name in SECRET_KEYS and isinstance(value, str) and len(value) >= SHORTEST:
        yield value


def _cleaned(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _cleaned(item, str(key)) for key, item in value.items()}
    if name in PROGRAMS or (name in SECRET_KEYS and value):
        return LEFT_OUT
    if isinstance(value, list):
        return [_cleaned(item, name) for item in value]
    return _USERINFO.sub("", value) if isinstance(value, str) else value
