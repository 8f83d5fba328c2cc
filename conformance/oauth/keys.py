"""Keys that sign DPoP proofs and client assertions, and their JWK forms (RFC 7517, RFC 7638)."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from tokenspec.conformance.errors import HarnessError

RSA_BITS, WEAK_RSA_BITS = 2048, 1024  # RFC 7518 §3.3 wants 2048 at least
PUBLIC_MEMBERS = ("crv", "e", "kty", "n", "x", "y")
CERTIFIED = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2049, 1, 1, tzinfo=UTC))  # from, until
ALGORITHMS = jwt.algorithms.get_default_algorithms()


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def base64url_decode(text: str) -> bytes:
    """The bytes of base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, the algorithm it signs with, and both JWK forms."""

    algorithm: str
    private_key: PrivateKeyTypes = field(repr=False)
    private_jwk: Mapping[str, Any] = field(repr=False)
    key_id: str = ""

    @property
    def public_jwk(self) -> dict[str, Any]:
        """The members every verifier needs, and nothing else."""
        jwk = self.private_jwk
        return {name: jwk[name] for name in sorted(PUBLIC_MEMBERS) if name in jwk}

    @property
    def jkt(self) -> str:
        """The SHA-256 thumbprint of the key (RFC 7638 §3)."""
        canonical = json.dumps(self.public_jwk, separators=(",", ":"), sort_keys=True)
        return base64url(hashlib.sha256(canonical.encode()).digest())

    @property
    def public_pem(self) -> bytes:
        """The public key as PEM."""
        return self.private_key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, message: bytes) -> bytes:
        """The signature of `message` with the key's own algorithm (RFC 7518 §3)."""
        return ALGORITHMS[self.algorithm].sign(message, self.private_key)


def signing_key(private_key: PrivateKeyTypes, algorithm: str = "", key_id: str = "") -> SigningKey:
    """A key from elsewhere, with the algorithm its type calls for unless one is given.

    Raises:
        HarnessError: no JWS algorithm fits the type of key.
    """
    named = algorithm or _algorithm_of(private_key)
    jwk = ALGORITHMS[named].to_jwk(private_key, as_dict=True)
    return SigningKey(named, private_key, jwk, key_id)


def self_signed(key: SigningKey) -> str:
    """A certificate of an EC key by itself, as a member of x5c has it (RFC 7515 §4.1.6).

    Raises:
        HarnessError: it is no EC key.
    """
    if not isinstance(key.private_key, ec.EllipticCurvePrivateKey):
        raise HarnessError("certificates are made of EC keys only")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tokenspec")])
    built = x509.CertificateBuilder(name, name, key.private_key.public_key(), 1, *CERTIFIED)
    signed = built.sign(key.private_key, hashes.SHA256())
    return base64.b64encode(signed.public_bytes(serialization.Encoding.DER)).decode()


def generate_key(algorithm: str = "ES256") -> SigningKey:
    """A new key for a JWS algorithm."""
    made: PrivateKeyTypes
    match algorithm:
        case "ES256":
            made = ec.generate_private_key(ec.SECP256R1())
        case "ES384":
            made = ec.generate_private_key(ec.SECP384R1())
        case "EdDSA":
            made = ed25519.Ed25519PrivateKey.generate()
        case "RS256-1024":
            weak = rsa.generate_private_key(public_exponent=65537, key_size=WEAK_RSA_BITS)
            return signing_key(weak, "RS256")
        case "RS256" | "PS256":
            made = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        case _:
            raise HarnessError(f"no key can be made for the algorithm {algorithm!r}")
    return signing_key(made, algorithm)


class KeyRing:
    """Keys of the rarer kinds, made once; making an RSA key takes longer than a play."""

    def __init__(self) -> None:
        self._keys: dict[str, SigningKey] = {}
        self._lock = threading.Lock()

    def key(self, algorithm: str) -> SigningKey:
        """The key for `algorithm`."""
        with self._lock:
            if algorithm not in self._keys:
                self._keys[algorithm] = generate_key(algorithm)
            return self._keys[algorithm]


KEYS = KeyRing()  # of the whole process


def _algorithm_of(private_key: PrivateKeyTypes) -> str:
    match private_key:
        case rsa.RSAPrivateKey():
            return "RS256"
        case ed25519.Ed25519PrivateKey():
            return "EdDSA"
        case ec.EllipticCurvePrivateKey():
            return {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}.get(
                private_key.curve.name, "ES256"
            )
        case _:
            raise HarnessError(f"no JWS algorithm fits a {type(private_key).__name__}")
