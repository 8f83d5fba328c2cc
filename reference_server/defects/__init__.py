"""Every way the server can be made wrong: each rule taken out, and subtle faults by hand."""

from __future__ import annotations

from types import MappingProxyType

from tokenspec.reference_server.defects import (
    access_tokens,
    assertions,
    authorization,
    clients,
    codes,
    destinations,
    documents,
    id_tokens,
    managing,
    openid,
    profiles,
    proof_headers,
    proof_keys,
    proof_replay,
    proofs,
    races,
    redirects,
    refreshing,
    requests,
    resources,
    tokens,
)
from tokenspec.reference_server.guarding import BEHAVIOURS, GUARDS, Behaviour, Defect, Guard


def _taken_out() -> dict[str, Defect]:
    rules: tuple[Guard | Behaviour, ...] = (*GUARDS.values(), *BEHAVIOURS.values())
    return {
        rule.name: Defect(rule.name, rule.requirement, f"left out: {rule.summary}", {})
        for rule in rules
    }


SUBTLE: tuple[Defect, ...] = (
    *access_tokens.DEFECTS,
    *assertions.DEFECTS,
    *authorization.DEFECTS,
    *clients.DEFECTS,
    *codes.DEFECTS,
    *destinations.DEFECTS,
    *documents.DEFECTS,
    *id_tokens.DEFECTS,
    *managing.DEFECTS,
    *openid.DEFECTS,
    *profiles.DEFECTS,
    *proof_headers.DEFECTS,
    *proof_keys.DEFECTS,
    *proof_replay.DEFECTS,
    *proofs.DEFECTS,
    *races.DEFECTS,
    *redirects.DEFECTS,
    *refreshing.DEFECTS,
    *requests.DEFECTS,
    *resources.DEFECTS,
    *tokens.DEFECTS,
)
DEFECTS = MappingProxyType({**_taken_out(), **{defect.name: defect for defect in SUBTLE}})

__all__ = ["DEFECTS"]
