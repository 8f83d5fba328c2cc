"""The key the server signs tokens with, its public form, and thumbprints of others' keys."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.types import Options

RSA_BITS = 2048
# For reading a JWT: guards look at its audience and times, and by the server's own clock,
# where the library would ask another.
SIGNATURE_ALONE: Options = {
    "verify_aud": False,
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}
# What clients may sign proofs and assertions with.
ALGORITHMS = ("ES256", "ES384", "RS256", "PS256", "EdDSA")
FAPI_ALGORITHMS = ("ES256", "PS256", "EdDSA")  # FAPI 2.0 Security Profile §5.4.1
BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
PUBLIC_MEMBERS = ("crv", "e", "kty", "n", "x", "y")
# The members that make a key, by its type (RFC 7638 §3.2, RFC 8037 §2).
KEY_MEMBERS = {
    "EC": ("crv", "kty", "x", "y"),
    "OKP": ("crv", "kty", "x"),
    "RSA": ("e", "kty", "n"),
}
PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA key, its identifier in the key set, and what it signs with: RS256 or PS256."""

    private_key: rsa.RSAPrivateKey = field(repr=False)
    key_id: str
    algorithm: str = "RS256"

    def sign(self, claims: Mapping[str, Any], header: Mapping[str, Any]) -> str:
        """A JWT of the claims, signed; `header` comes on top of alg and kid."""
        shown = {"kid": self.key_id, **header}
        named = {name: value for name, value in shown.items() if value is not None}
        return jwt.encode(dict(claims), self.private_key, self.algorithm, headers=named)

    def with_algorithm(self, algorithm: str) -> SigningKey:
        """The same key, to sign with that."""
        return self if algorithm == self.algorithm else replace(self, algorithm=algorithm)

    @property
    def public_jwk(self) -> dict[str, Any]:
        """The member of the key set."""
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(self.private_key.public_key(), as_dict=True)
        return {
            "kty": "RSA",
            "n": jwk["n"],
            "e": jwk["e"],
            "use": "sig",
            "alg": self.algorithm,
            "kid": self.key_id,
        }


@functools.cache
def process_key() -> SigningKey:
    """The key every server of this process uses unless given another; making one is slow."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(made.public_key(), as_dict=True)
    return SigningKey(made, thumbprint(jwk)[:16])


def signed_by_one_of(
    jwks: Mapping[str, Any] | None, encoded: str, algorithms: Collection[str]
) -> bool:
    """Whether a JWT is signed with a key of a set, by the algorithm of that key, one of these."""
    for key in jwt.PyJWKSet.from_dict(dict(jwks)).keys if jwks else ():
        if key.algorithm_name not in algorithms:
            continue
        try:
            jwt.decode(encoded, key.key, algorithms=[key.algorithm_name], options=SIGNATURE_ALONE)
        except jwt.PyJWTError:
            continue
        return True
    return False


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """The SHA-256 thumbprint of a key, made of its required members alone (RFC 7638 §3)."""
    members = KEY_MEMBERS.get(str(jwk.get("kty")), PUBLIC_MEMBERS)
    public = {name: jwk[name] for name in members if name in jwk}
    canonical = json.dumps(public, separators=(",", ":"), sort_keys=True)
    return base64url(hashlib.sha256(canonical.encode()).digest())


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def base64url_decode(text: str) -> bytes:
    """The bytes of base64url without padding (RFC 7515 §2).

    Raises:
        ValueError: it is no base64url.
    """
    if not BASE64URL.fullmatch(text):
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
