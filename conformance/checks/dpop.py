"""Nonces, and tokens bound to a key: RFC 9449 §6, §8 and §11."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tokenspec.conformance.checks.model import CheckContext, check
from tokenspec.conformance.checks.subjects import Subject
from tokenspec.conformance.play.transcript import Played, Transcript

NONCE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")  # RFC 9449 §8.1
AN_HOUR = 3600  # seconds
# RFC 9110 §15.1: what a cache may keep though the response does not speak of caches.
STORED_BY_DEFAULT = (200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501)


def _nonces(played: Played) -> tuple[str, ...]:
    return played.response.header_all("DPoP-Nonce") if played.response else ()


@check("dpop-nonce-once", Subject.NONCE)
def dpop_nonce_once(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A response has one DPoP-Nonce header at most (RFC 9449 §8)."""
    if len(_nonces(played)) > 1:
        yield f"there are {len(_nonces(played))} DPoP-Nonce headers"


@check("dpop-nonce-with-demand", Subject.NONCE_DEMAND)
def dpop_nonce_with_demand(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A token response that asks for a nonce brings one (RFC 9449 §8)."""
    if not _nonces(played):
        yield "use_dpop_nonce without a DPoP-Nonce header"


@check("dpop-nonce-syntax", Subject.NONCE)
def dpop_nonce_syntax(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A nonce is printable ASCII without space, quotation mark and backslash (RFC 9449 §8.1)."""
    if any(not NONCE.fullmatch(nonce) for nonce in _nonces(played)):
        yield "DPoP-Nonce holds characters that are not allowed"


@check("dpop-nonce-not-stored", Subject.NONCE)
def dpop_nonce_not_stored(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A response with a nonce may not be stored and used again (RFC 9449 §8.2)."""
    response = played.response
    if response is None:
        return
    allowed = ",".join(response.header_all("Cache-Control")).lower()
    if any(word in allowed for word in ("no-store", "no-cache")):
        return
    fresh = "max-age" in allowed or "s-maxage" in allowed or response.header("Expires") is not None
    by_default = _method(played) in ("GET", "HEAD") and response.status in STORED_BY_DEFAULT
    if fresh or by_default:
        yield "the response holds a nonce and may be stored"


def _method(played: Played) -> str:
    return played.exchanges[-1].request.method if played.exchanges else ""


@check("token-type-dpop", Subject.TOKENS)
def token_type_dpop(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """token_type is DPoP, in any case (RFC 9449 §5, RFC 6749 §5.1)."""
    shown = played.received.get("token_type")
    if str(shown).lower() != "dpop":
        yield f"token_type is {str(shown)[:40]!r}"


@check("token-type-of-bound", Subject.RESOURCE_REFUSAL)
def token_type_of_bound(_p: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """A token that is worth nothing without a proof has the type DPoP (RFC 9449 §5)."""
    token = transcript.step("token")
    shown = token.received.get("token_type") if token else None
    if str(shown).lower() != "dpop":
        yield f"token_type is {str(shown)[:40]!r}, and the token is taken with a proof alone"


@check("bound-token-short-lived", Subject.TOKENS)
def bound_token_short_lived(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """A bound access token lives for an hour at most where there are no nonces (RFC 9449 §11.2)."""
    seconds = played.received.get("expires_in")
    if isinstance(seconds, int | float) and seconds > AN_HOUR:
        yield f"expires_in is {seconds:g}, more than {AN_HOUR}"


@check("introspection-bound", Subject.INTROSPECTION)
def introspection_bound(played: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """Introspection of a bound token names its key in cnf.jkt (RFC 9449 §6.2)."""
    confirmation = played.received.get("cnf")
    bound = confirmation.get("jkt") if isinstance(confirmation, dict) else None
    if bound != transcript.jkt:
        yield "cnf.jkt is not the thumbprint of the key" if bound else "cnf.jkt is missing"


@check("introspection-token-type", Subject.INTROSPECTION)
def introspection_token_type(played: Played, _t: Transcript, _s: CheckContext) -> Iterator[str]:
    """Introspection of a bound token that names a type says DPoP (RFC 9449 §6.2)."""
    shown = played.received.get("token_type", "DPoP")
    if str(shown).lower() != "dpop":
        yield f"token_type is {str(shown)[:40]!r}"


@check("latest-token-unbound", Subject.CLAIMS)
def latest_token_unbound(_p: Played, transcript: Transcript, _s: CheckContext) -> Iterator[str]:
    """The access token got last is bound to no key, as may be (RFC 9449 §5)."""
    types = [played.received.get("token_type") for played in transcript.steps]
    latest = next((str(shown) for shown in reversed(types) if shown), "")
    if latest.lower() == "dpop":
        yield "token_type of the access token got last is DPoP"
