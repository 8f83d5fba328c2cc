"""A JWT that somebody sent, taken apart without being believed (RFC 7515 §3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tokenspec.reference_server.keys import base64url_decode

PARTS = 3  # of a compact JWS


def strict_json(text: bytes) -> Any:
    """Strict JSON (RFC 8259 §6): Python would read NaN and Infinity too.

    Raises:
        ValueError: it is not JSON.
    """
    return json.loads(text, parse_constant=_no_number)


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


@dataclass(frozen=True, slots=True)
class UnverifiedJwt:
    """A compact JWS taken apart without being believed; empty where it cannot be read."""

    encoded: str
    well_formed: bool = False
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    signature: bytes = b""

    @property
    def signing_input(self) -> bytes:
        """What the signature is made over (RFC 7515 §5.2)."""
        return self.encoded.rpartition(".")[0].encode()

    @classmethod
    def read(cls, encoded: str, read_json: Callable[[bytes], Any] = strict_json) -> UnverifiedJwt:
        """Take a compact JWS apart; of a list of them the first, which is then not well-formed."""
        if not encoded:
            return cls("")
        first = encoded.split(",", maxsplit=1)[0].strip()
        parts = first.split(".")
        try:
            header, claims = (read_json(base64url_decode(part)) for part in parts[:2])
            signature = base64url_decode(parts[2])
        except (ValueError, IndexError, RecursionError):
            return cls(encoded)
        if not (isinstance(header, dict) and isinstance(claims, dict)):
            return cls(encoded)
        whole = first == encoded and len(parts) == PARTS
        return cls(first, whole, header, claims, signature)
