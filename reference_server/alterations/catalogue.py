"""The alterations by their names."""

from __future__ import annotations

import difflib

from tokenspec.reference_server.alterations.defects import DEFECTS
from tokenspec.reference_server.alterations.dialects import dialect_of
from tokenspec.reference_server.alterations.model import Alteration


def defect_named(name: str) -> Alteration:
    """The defect of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in DEFECTS:
        close = difflib.get_close_matches(name, DEFECTS, n=1)
        hint = f", did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"unknown defects: {name}{hint}")
    return DEFECTS[name]


__all__ = ["DEFECTS", "defect_named", "dialect_of"]
