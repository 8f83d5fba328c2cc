"""Faults of DPoP: proofs, their keys, what is remembered of them, nonces."""

from __future__ import annotations

from tokenspec.reference_server.alterations.defects.dpop import (
    elsewhere,
    nonces,
    proof_headers,
    proof_keys,
    proof_replay,
    proofs,
    times,
    verifiers,
)
from tokenspec.reference_server.alterations.model import Alteration

DEFECTS: tuple[Alteration, ...] = (
    *elsewhere.DEFECTS,
    *nonces.DEFECTS,
    *proof_headers.DEFECTS,
    *proof_keys.DEFECTS,
    *proof_replay.DEFECTS,
    *proofs.DEFECTS,
    *times.DEFECTS,
    *verifiers.DEFECTS,
)
