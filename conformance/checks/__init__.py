"""Checks: named looks at one answer, used by scenarios and on every answer of a run."""

from conformance.checks import (
    access_token,
    authorization,
    challenge,
    claims,
    documents,
    dpop,
    envelope,
    id_token,
    id_token_again,
    id_token_claims,
    introspection,
    jose,
    key_sets,
    metadata,
    tokens,
)
from conformance.checks.model import CHECKS, Check, Surround

__all__ = [
    "CHECKS",
    "Check",
    "Surround",
    "access_token",
    "authorization",
    "challenge",
    "claims",
    "documents",
    "dpop",
    "envelope",
    "id_token",
    "id_token_again",
    "id_token_claims",
    "introspection",
    "jose",
    "key_sets",
    "metadata",
    "tokens",
]
