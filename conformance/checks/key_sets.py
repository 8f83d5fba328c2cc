"""The keys of a key set: how long they are, and how they are told apart."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.play.transcript import Played, Transcript

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


def _octets(value: Any) -> bytes:
    """The bytes of base64url; none where it is something else, which other checks tell."""
    if not isinstance(value, str):
        return b""
    try:
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        return b""
