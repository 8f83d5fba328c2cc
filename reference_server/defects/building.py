"""How a subtle defect is made: guards of the server replaced by wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tokenspec.reference_server.guarding import Alter, Check, Defect


def nothing(_: object) -> None:
    """A check that checks nothing."""


def subtle(name: str, requirement: str, summary: str, **replaces: Check) -> Defect:
    """A defect; the keywords name guards with `__` for the dot."""
    return Defect(
        name, requirement, summary, {key.replace("__", "."): c for key, c in replaces.items()}
    )


def telling(name: str, requirement: str, summary: str, **alters: Alter) -> Defect:
    """A defect of what the server tells; the keywords name the content that is altered."""
    return Defect(name, requirement, summary, {}, alters)


def having(**wrong: Any) -> Alter:
    """The content with these members instead."""
    return lambda content, _about: content | wrong


def lacking(*names: str) -> Alter:
    """The content without these members."""
    return lambda content, _about: {n: value for n, value in content.items() if n not in names}


def making(make: Callable[[Mapping[str, Any], Any], dict[str, Any]]) -> Alter:
    """The content with members that follow from the right content, and from what it is about."""
    return lambda content, about: content | make(content, about)
