"""Liberties: what the specifications permit and some conforming server does, each by its name.

A liberty is the dual of a defect: no case may fail at a server that takes it. Each cites the
sentence that permits it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tokenspec.reference_server.alterations.liberties import (
    answers,
    callbacks,
    challenges,
    clients,
    cors,
    documents,
    endpoints,
    grants,
    interaction,
    logins,
    managing,
    pages,
    pkce,
    proofs,
    pushed,
    refreshing,
    resources,
    sessions,
    tokens,
    wire,
)
from tokenspec.reference_server.alterations.liberties.model import Liberty

SUBJECTS: tuple[tuple[Liberty, ...], ...] = (
    answers.LIBERTIES,
    callbacks.LIBERTIES,
    challenges.LIBERTIES,
    clients.LIBERTIES,
    cors.LIBERTIES,
    documents.LIBERTIES,
    endpoints.LIBERTIES,
    grants.LIBERTIES,
    interaction.LIBERTIES,
    logins.LIBERTIES,
    managing.LIBERTIES,
    pages.LIBERTIES,
    pkce.LIBERTIES,
    proofs.LIBERTIES,
    pushed.LIBERTIES,
    refreshing.LIBERTIES,
    resources.LIBERTIES,
    sessions.LIBERTIES,
    tokens.LIBERTIES,
    wire.LIBERTIES,
)
LIBERTIES: Mapping[str, Liberty] = MappingProxyType(
    {liberty.name: liberty for subject in SUBJECTS for liberty in subject}
)

__all__ = ["LIBERTIES", "Liberty"]
