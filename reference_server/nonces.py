"""DPoP nonces: which are recent, who needs one, and the header that brings it (RFC 9449 §8, §9)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from tokenspec.reference_server.core import Core
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.keys import base64url
from tokenspec.reference_server.messages import Headers
from tokenspec.reference_server.seams import Seam, seam

NONCE_SECONDS = 300  # that a DPoP nonce is the current one; the one before it still counts


@dataclass(frozen=True, slots=True)
class NonceGiven:
    """What a nonce is given to: a request, and whether it was refused for the lack of one."""

    exchange: Exchange
    demanded: bool


NONCE_DEMANDED: Seam[bool, Exchange] = seam(
    "nonce_demanded", "whether the proof of a request has to hold a nonce"
)
NONCE_REALM: Seam[str, Core] = seam(
    "nonce_realm", "the endpoint whose nonces count: each takes its own alone (RFC 9449 §9)"
)
NONCE_HEADERS: Seam[Headers, NonceGiven] = seam(
    "nonce_headers", "the header that brings a nonce, to a refused request or with a success"
)


def recent_nonces(core: Core, endpoint: str, kept: int = 2) -> tuple[str, ...]:
    """The nonces of an endpoint, newest first: the current one and the one before.

    RFC 9449 §8 wants a window of recent ones, §9 each server to take its own alone.
    """
    realm = core.tell(NONCE_REALM, endpoint, core)
    window = int(core.now()) // NONCE_SECONDS
    made = (
        hmac.digest(core.nonce_key, f"{realm} {number}".encode(), hashlib.sha256)
        for number in range(window, window - kept, -1)
    )
    return tuple(base64url(digest[:18]) for digest in made)


def demands_nonce(exchange: Exchange) -> bool:
    """Whether a proof has to hold a nonce, by policy."""
    return exchange.core.tell(NONCE_DEMANDED, exchange.core.policy.dpop_nonce, exchange)


def nonce_demanded(exchange: Exchange) -> Headers:
    """RFC 9449 §8: who is refused for the lack of a nonce is given one."""
    return _headers(exchange, demanded=True)


def next_nonce(exchange: Exchange) -> Headers:
    """RFC 9449 §8.2: a success brings the next nonce to those who need one."""
    needed = exchange.dpop is not None and demands_nonce(exchange)
    return _headers(exchange, demanded=False) if needed else ()


def _headers(exchange: Exchange, *, demanded: bool) -> Headers:
    made: Headers = (("DPoP-Nonce", recent_nonces(exchange.core, exchange.endpoint)[0]),)
    return exchange.core.tell(NONCE_HEADERS, made, NonceGiven(exchange, demanded))
