"""How an alteration is written down.

A keyword names what is altered: of `subtle` a guard, with `__` for the dot of its name
(`code__issued=...` is the guard `code.issued`); of `telling` and `left_out` a seam
(`token_response=...`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.guarding import Check
from tokenspec.reference_server.messages import Headers
from tokenspec.reference_server.seams import Alter


def nothing(_: object) -> None:
    """A check that checks nothing."""


def subtle(name: str, requirement: str, summary: str, **guards: Check) -> Alteration:
    """Guards replaced by wrong ones."""
    checks = {key.replace("__", "."): check for key, check in guards.items()}
    return Alteration(name, requirement, summary, checks)


def telling(name: str, requirement: str, summary: str, **tells: Alter) -> Alteration:
    """Another value told at seams."""
    return Alteration(name, requirement, summary, tells=tells)


def left_out(name: str, requirement: str, rule: str, **tells: Alter) -> Alteration:
    """A rule of the server left out: what it asks for is not told."""
    return telling(name, requirement, f"left out: {rule}", **tells)


def having(**wrong: Any) -> Alter:
    """The content with these members instead."""
    return lambda content, _about: content | wrong


def lacking(*names: str) -> Alter:
    """The content without these members."""
    return lambda content, _about: {n: value for n, value in content.items() if n not in names}


def making(make: Callable[[Mapping[str, Any], Any], dict[str, Any]]) -> Alter:
    """The content with members that follow from the right content, and from what it is about."""
    return lambda content, about: content | make(content, about)


def being(value: Any) -> Alter:
    """This value, whatever the right one is."""
    return lambda _right, _about: value


def without_headers(*names: str) -> Alter:
    """The headers without those of these names."""
    return lambda headers, _about: less(headers, *names)


def less(headers: Headers, *names: str) -> Headers:
    """The headers, less those of these names."""
    return tuple(pair for pair in headers if pair[0] not in names)
