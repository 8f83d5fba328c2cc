"""Whether a proof is of the key that a code, refresh token or access token is bound to."""

from __future__ import annotations

import hashlib

from tokenspec.reference_server.errors import OAuthError, invalid_dpop_proof, invalid_grant
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import guard
from tokenspec.reference_server.keys import base64url


@guard("dpop.code_key", "RFC9449-10-dpop_jkt_mismatch")
def code_key(exchange: Exchange) -> None:
    """RFC 9449 §10: a code asked for with dpop_jkt needs a proof of that key."""
    code = exchange.code
    if code and code.dpop_jkt and exchange.dpop and exchange.jkt != code.dpop_jkt:
        raise invalid_dpop_proof("another key than dpop_jkt")


@guard("dpop.code_proof_present", "RFC9449-10-dpop_jkt_no_proof")
def code_proof_present(exchange: Exchange) -> None:
    """RFC 9449 §10: a code asked for with dpop_jkt, by policy any, needs a proof."""
    code = exchange.code
    needed = (code and code.dpop_jkt) or exchange.core.policy.dpop_required
    if needed and exchange.dpop is None:
        raise invalid_dpop_proof("no proof")


@guard("dpop.refresh_key", "RFC9449-5-refresh_same_key")
def refresh_key(exchange: Exchange) -> None:
    """RFC 9449 §5: a public client's refresh token is used with the key it was bound to."""
    token = exchange.refresh_token
    if token and token.jkt and exchange.dpop and exchange.jkt != token.jkt:
        raise invalid_grant("refresh_token bound to another key")


@guard("dpop.refresh_proof_present", "RFC9449-5-refresh_binding_validated")
def refresh_proof_present(exchange: Exchange) -> None:
    """RFC 9449 §5: a bound refresh token, by policy any, is not used without a proof."""
    token = exchange.refresh_token
    if exchange.core.policy.dpop_required and exchange.dpop is None:
        raise invalid_dpop_proof("no proof")
    if token and token.jkt and exchange.dpop is None:
        raise invalid_grant("bound refresh_token without proof")


@guard("dpop.ath", "RFC9449-4.3-12_ath")
def ath(exchange: Exchange) -> None:
    """RFC 9449 §4.3 (12): beside an access token the proof holds its hash."""
    if exchange.dpop is None:
        return
    digest = hashlib.sha256(exchange.access_token.encode()).digest()
    if exchange.dpop.claims.get("ath") != base64url(digest):
        raise invalid_dpop_proof("ath")


@guard("dpop.token_key", "RFC9449-4.3-12_key_bound")
def token_key(exchange: Exchange) -> None:
    """RFC 9449 §4.3 (12): the proof is made with the key the token is bound to, if to any."""
    token = exchange.shown_token
    if token and exchange.scheme == "dpop" and exchange.dpop and exchange.jkt != token.jkt:
        raise OAuthError("invalid_token", "token not bound to this key", 401)
