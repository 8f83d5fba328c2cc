"""Proof keys for code exchange (RFC 7636)."""

from __future__ import annotations

import hashlib
import string
from dataclasses import dataclass, field

from tokenspec.conformance.oauth.keys import base64url
from tokenspec.conformance.scenario.edits import OperatorContext
from tokenspec.conformance.scenario.model import Pkce

ORDINARY = string.ascii_letters + string.digits  # what no server stumbles over


@dataclass(frozen=True, slots=True)
class ProofKey:
    """A code_verifier and the challenge that goes with it; both empty for no PKCE."""

    code_verifier: str = field(default="", repr=False)
    code_challenge: str = ""
    code_challenge_method: str = ""


def s256(code_verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636 §4.2)."""
    return base64url(hashlib.sha256(code_verifier.encode()).digest())


def make_proof_key(pkce: Pkce, context: OperatorContext) -> ProofKey:
    """A fresh pair, as the scenario asks for it."""
    if pkce.method == "none":
        return ProofKey()
    verifier = context.random_text(pkce.length, pkce.characters or ORDINARY)
    challenge = verifier if pkce.method == "plain" else s256(verifier)
    return ProofKey(verifier, challenge, pkce.method)
