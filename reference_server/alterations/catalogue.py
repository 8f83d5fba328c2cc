"""The alterations by their names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from tokenspec.reference_server.alterations.defects import DEFECTS
from tokenspec.reference_server.alterations.dialects import dialect_of
from tokenspec.reference_server.alterations.liberties import LIBERTIES
from tokenspec.reference_server.alterations.model import Alteration


def defect_named(name: str) -> Alteration:
    """The defect of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in DEFECTS:
        raise ValueError(f"unknown defects: {name}{_close(name, DEFECTS)}")
    return DEFECTS[name]


def liberty_named(name: str) -> Alteration:
    """What the liberty of that name does.

    Raises:
        ValueError: there is none.
    """
    if name not in LIBERTIES:
        raise ValueError(f"unknown liberty: {name}{_close(name, LIBERTIES)}")
    return LIBERTIES[name].alteration


def _close(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f", did you mean {close[0]!r}?" if close else ""


__all__ = ["DEFECTS", "LIBERTIES", "defect_named", "dialect_of", "liberty_named"]
