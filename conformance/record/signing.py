"""Detached JSON Web Signatures over a manifest (RFC 7515, Appendix F), with a PEM key."""

from __future__ import annotations

import binascii
import hashlib
import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from tokenspec.conformance.errors import HarnessError, Problem, UnusableFile
from tokenspec.conformance.oauth.keys import ALGORITHMS, base64url, signing_key

ALLOWED = ("ES256", "ES384", "ES512", "RS256", "PS256", "EdDSA")  # all asymmetric


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as checked. `thumbprint` is that of the key it names (RFC 7638)."""

    algorithm: str = ""
    thumbprint: str = ""
    known_key: bool = False  # the key was given by the verifier, not taken from the signature
    problem: str = ""


def sign(content: bytes, key: Path) -> str:
    """`header..signature`; the header holds the public key.

    Raises:
        UnusableFile: the file is no PEM private key that signs a JWS.
    """
    try:
        signer = signing_key(load_pem_private_key(key.read_bytes(), None))
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm, HarnessError) as error:
        message = f"no private key in PEM without passphrase: {error}"
        raise UnusableFile([Problem(str(key), 1, 1, message)]) from error
    header = {"alg": signer.algorithm, "kid": signer.jkt, "jwk": signer.public_jwk}
    protected = base64url(json.dumps(header, separators=(",", ":")).encode())
    signature = signer.sign(f"{protected}.{base64url(content)}".encode())
    return f"{protected}..{base64url(signature)}"


def check_signature(jws: bytes, content: bytes, public_key: Path | None) -> Signature:
    """Check a detached signature with the key it names, or with the one that is given.

    Raises:
        UnusableFile: the file given is no PEM public key.
    """
    given = _given(public_key) if public_key is not None else None
    try:
        text = jws.decode("ascii")
        protected, middle, signature = text.removesuffix("\n").split(".")
        header = json.loads(_decoded(protected))
        algorithm, jwk = str(header["alg"]), dict(header["jwk"])
        known = algorithm in ALLOWED and not middle and base64url(_decoded(signature)) == signature
        named = jwt.PyJWK(jwk, algorithm) if known else None
    except (ValueError, TypeError, KeyError, jwt.PyJWTError):
        named = None
    if named is None:
        return Signature(problem="changed, it is no longer a signature")
    thumbprint = _thumbprint(jwk)
    key = named.key if given is None else given
    try:
        message = f"{protected}.{base64url(content)}".encode()
        good = ALGORITHMS[algorithm].verify(message, key, _decoded(signature))
    except (ValueError, TypeError, AttributeError, jwt.PyJWTError):
        good = False
    problem = "" if good else "the signature does not fit the manifest and the key"
    return Signature(algorithm, thumbprint, given is not None, problem)


def _given(path: Path) -> Any:
    try:
        return load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        message = f"no public key in PEM: {error}"
        raise UnusableFile([Problem(str(path), 1, 1, message)]) from error


def _thumbprint(jwk: dict[str, Any]) -> str:
    members = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}
    needed = {name: jwk.get(name) for name in members.get(str(jwk.get("kty")), ())}
    canonical = json.dumps(needed, separators=(",", ":"), sort_keys=True)
    return base64url(hashlib.sha256(canonical.encode()).digest())


def _decoded(part: str) -> bytes:
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as error:
        raise ValueError("not valid base64url") from error
