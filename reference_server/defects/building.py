"""How a subtle defect is made: guards of the server replaced by wrong ones."""

from __future__ import annotations

from reference_server.guarding import Check, Defect


def nothing(_: object) -> None:
    """A check that checks nothing."""


def subtle(name: str, requirement: str, summary: str, **replaces: Check) -> Defect:
    """A defect; the keywords name guards with `__` for the dot."""
    return Defect(
        name, requirement, summary, {key.replace("__", "."): c for key, c in replaces.items()}
    )
