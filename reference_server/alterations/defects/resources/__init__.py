"""Faults of what lies behind a token, and of the documents: userinfo, introspection, metadata."""

from __future__ import annotations

from tokenspec.reference_server.alterations.defects.resources import (
    cors,
    documents,
    managing,
    members,
    revocation,
    userinfo,
)
from tokenspec.reference_server.alterations.model import Alteration

DEFECTS: tuple[Alteration, ...] = (
    *cors.DEFECTS,
    *documents.DEFECTS,
    *managing.DEFECTS,
    *members.DEFECTS,
    *revocation.DEFECTS,
    *userinfo.DEFECTS,
)
