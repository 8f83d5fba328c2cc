"""The keys of a key set: how long they are, and how they are told apart."""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.play.transcript import Played, Transcript

BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
# The curves of RFC 7518 §6.2.1.1, and the octets of a coordinate.
CURVES: dict[str, tuple[ec.EllipticCurve, int]] = {
    "P-256": (ec.SECP256R1(), 32),
    "P-384": (ec.SECP384R1(), 48),
    "P-521": (ec.SECP521R1(), 66),
}
SHORTEST_RSA, SHORTEST_EC = 2048, 224  # bits: RFC 7518 §3.3, FAPI 2.0 Security Profile §5.4.1


@check("jwks-rsa-length", Subject.KEY_SET)
def jwks_rsa_length(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """An RSA key has 2048 bits or more (RFC 7518 §3.3, FAPI 2.0 §5.4.1)."""
    for number, key in enumerate(_keys(played)):
        bits = int.from_bytes(_octets(key.get("n"))).bit_length()
        if key.get("kty") == "RSA" and 0 < bits < SHORTEST_RSA:
            yield f"key {number} is an RSA key of {bits} bits"


@check("jwks-ec-length", Subject.KEY_SET)
def jwks_ec_length(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A key on an elliptic curve has 224 bits or more (FAPI 2.0 §5.4.1)."""
    for number, key in enumerate(_keys(played)):
        bits = len(_octets(key.get("x"))) * 8  # a coordinate has its full length: RFC 7518 §6.2.1.2
        if key.get("kty") == "EC" and 0 < bits < SHORTEST_EC:
            yield f"key {number} is on a curve of {bits} bits"


@check("jwks-rsa-readable", Subject.KEY_SET)
def jwks_rsa_readable(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """An RSA key has its modulus and exponent, in base64url (RFC 7518 §6.3.1)."""
    for number, key in _numbered(played, "RSA"):
        for name in ("n", "e"):
            if not _base64url(key.get(name)):
                yield f"{name} of key {number} is missing, or not in base64url"


@check("jwks-integers-minimal", Subject.KEY_SET)
def jwks_integers_minimal(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """No octet of zeros stands before modulus or exponent (RFC 7518 §2, §6.3.1.1)."""
    for number, key in _numbered(played, "RSA"):
        for name in ("n", "e"):
            if len(_octets(key.get(name))) > 1 and _octets(key[name])[0] == 0:
                yield f"{name} of key {number} begins with an octet of zeros"


@check("jwks-ec-readable", Subject.KEY_SET)
def jwks_ec_readable(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A key on a curve names it, and a point of it (RFC 7518 §6.2.1); others may be later ones."""
    for number, key in _numbered(played, "EC"):
        curve, octets = CURVES.get(str(key.get("crv")), (None, 0))
        x, y = _octets(key.get("x")), _octets(key.get("y"))
        if not isinstance(key.get("crv"), str):
            yield f"key {number} does not name its curve"
        elif curve and not (x and y):
            yield f"key {number} lacks a coordinate"
        elif curve and len(x) == len(y) == octets and not _on_curve(curve, x, y):
            yield f"key {number} is no point of {key['crv']}"


@check("jwks-coordinates-whole", Subject.KEY_SET)
def jwks_coordinates_whole(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A coordinate has the full length of its curve (RFC 7518 §6.2.1.2, §6.2.1.3)."""
    for number, key in _numbered(played, "EC"):
        octets = CURVES.get(str(key.get("crv")), (None, 0))[1]
        for name in ("x", "y"):
            length = len(_octets(key.get(name)))
            if octets and length and length != octets:
                yield f"{name} of key {number} has {length} octets, not {octets}"


@check("jwks-kid-distinct", Subject.KEY_SET)
def jwks_kid_distinct(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """No two keys have the same kid (FAPI 2.0 §5.4.2)."""
    named = Counter(str(key["kid"]) for key in _keys(played) if "kid" in key)
    yield from (f"{n} keys have the kid {kid[:40]!r}" for kid, n in named.items() if n > 1)


@check("jwks-kid-distinct-by-type", Subject.KEY_SET)
def jwks_kid_distinct_by_type(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """No two keys of one kty have the same kid; of two they may be alternatives (RFC 7517 §4.5)."""
    named = Counter((key.get("kty"), str(key["kid"])) for key in _keys(played) if "kid" in key)
    for (kty, kid), times in named.items():
        if times > 1:
            yield f"{times} keys of the type {str(kty)[:10]} have the kid {kid[:40]!r}"


def _keys(played: Played) -> list[dict[str, Any]]:
    keys = played.received.get("keys")
    return [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []


def _numbered(played: Played, kty: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The keys of one type with their places in the set."""
    return ((n, key) for n, key in enumerate(_keys(played)) if key.get("kty") == kty)


def _base64url(value: Any) -> bool:
    return isinstance(value, str) and bool(BASE64URL.fullmatch(value))


def _on_curve(curve: ec.EllipticCurve, x: bytes, y: bytes) -> bool:
    try:
        numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), curve)
        numbers.public_key()
    except ValueError:
        return False
    return True


def _octets(value: Any) -> bytes:
    """The bytes of base64url; none where it is something else, which other checks tell."""
    if not isinstance(value, str):
        return b""
    try:
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        return b""
