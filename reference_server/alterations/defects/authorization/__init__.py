"""Faults on the way to a code: requests, addresses, pages, sessions, and what is sent back."""

from __future__ import annotations

from tokenspec.reference_server.alterations.defects.authorization import (
    answers,
    callbacks,
    destinations,
    exchanged,
    interaction,
    logouts,
    openid,
    pages,
    pushed,
    redirects,
    request_objects,
    requests,
)
from tokenspec.reference_server.alterations.model import Alteration

DEFECTS: tuple[Alteration, ...] = (
    *answers.DEFECTS,
    *callbacks.DEFECTS,
    *destinations.DEFECTS,
    *exchanged.DEFECTS,
    *interaction.DEFECTS,
    *logouts.DEFECTS,
    *openid.DEFECTS,
    *pages.DEFECTS,
    *pushed.DEFECTS,
    *redirects.DEFECTS,
    *request_objects.DEFECTS,
    *requests.DEFECTS,
)
