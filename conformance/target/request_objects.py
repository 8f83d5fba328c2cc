"""Whether a client can send request objects: RFC 9101, OpenID Connect Core §6."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec

from tokenspec.conformance.target.discovery import Discovered
from tokenspec.conformance.target.model import Client, Target
from tokenspec.conformance.target.rules import Decision

SUPPORTED = "request_parameter_supported"
ALGORITHMS = "request_object_signing_alg_values_supported"
OF_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


def supported(target: Target, discovered: Discovered) -> Decision:
    """OpenID Connect Discovery §3: without a word of the metadata they are not."""
    client = target.client("private_key_jwt")
    if discovered.metadata.get(SUPPORTED) is not True:
        return Decision(False, f"metadata does not say {SUPPORTED}")
    if client is None:
        return Decision(False, "the target file has no client that signs (private_key_jwt)")
    listed, own = discovered.metadata.get(ALGORITHMS), _algorithm(client)
    if isinstance(listed, list) and own not in listed:
        return Decision(False, f"metadata lists no {own} for request objects")
    return Decision(True, f"metadata says {SUPPORTED}; client {client.client_id} signs by {own}")


def _algorithm(client: Client) -> str:
    """What the client's key signs with (RFC 7518 §3.1)."""
    if client.has_rsa_key:
        return client.algorithm or "RS256"
    key = client.private_key
    return OF_CURVES[key.curve.name] if isinstance(key, ec.EllipticCurvePrivateKey) else "EdDSA"
