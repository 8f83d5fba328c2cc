"""Faults of what is issued: token responses, errors, access tokens, ID tokens."""

from __future__ import annotations

from tokenspec.reference_server.alterations.defects.issued import (
    access_tokens,
    claims,
    error_codes,
    errors,
    id_tokens,
    responses,
    shapes,
    values,
)
from tokenspec.reference_server.alterations.model import Alteration

DEFECTS: tuple[Alteration, ...] = (
    *access_tokens.DEFECTS,
    *claims.DEFECTS,
    *error_codes.DEFECTS,
    *errors.DEFECTS,
    *id_tokens.DEFECTS,
    *responses.DEFECTS,
    *shapes.DEFECTS,
    *values.DEFECTS,
)
