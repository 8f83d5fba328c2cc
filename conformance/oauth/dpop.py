"""DPoP proofs (RFC 9449 §4.2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from tokenspec.conformance.oauth.keys import SigningKey, base64url
from tokenspec.conformance.oauth.signed_jwt import Signers, make_jwt
from tokenspec.conformance.scenario.edits import OperatorContext
from tokenspec.conformance.scenario.model import JwtChanges


@dataclass(frozen=True, slots=True)
class ProofRequest:
    """What a proof is for. `access_token` is empty at the token endpoint."""

    method: str
    url: str
    issued_at: int  # seconds since the epoch
    jti: str
    nonce: str = ""
    access_token: str = ""


def make_dpop_proof(
    wanted: ProofRequest, changes: JwtChanges, signers: Signers, context: OperatorContext
) -> str:
    """A proof for one request, as the scenario changes it."""
    header = _header(signers.right)
    claims: dict[str, object] = {
        "jti": wanted.jti,
        "htm": wanted.method,
        "htu": wanted.url.split("?")[0].split("#")[0],
        "iat": wanted.issued_at,
    }
    if wanted.nonce:
        claims["nonce"] = wanted.nonce
    if wanted.access_token:
        claims["ath"] = ath(wanted.access_token)
    return make_jwt(header, claims, changes, signers, context)


def ath(access_token: str) -> str:
    """The hash of an access token that a proof sent beside it holds (RFC 9449 §4.2)."""
    return base64url(hashlib.sha256(access_token.encode()).digest())


def _header(key: SigningKey) -> dict[str, object]:
    return {"typ": "dpop+jwt", "alg": key.algorithm, "jwk": key.public_jwk}
