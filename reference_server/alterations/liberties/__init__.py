"""Liberties: what the specifications permit and some good server does, each by its name.

A liberty is the dual of a defect: no case may accuse a server that takes it. Each cites the
sentence that permits it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tokenspec.reference_server.alterations.liberties import (
    answers,
    callbacks,
    documents,
    grants,
    interaction,
    managing,
    pages,
    proofs,
    tokens,
)
from tokenspec.reference_server.alterations.liberties.model import Liberty

LIBERTIES: Mapping[str, Liberty] = MappingProxyType(
    {
        liberty.name: liberty
        for module in (
            answers,
            callbacks,
            documents,
            grants,
            interaction,
            managing,
            pages,
            proofs,
            tokens,
        )
        for liberty in module.LIBERTIES
    }
)

__all__ = ["LIBERTIES", "Liberty"]
