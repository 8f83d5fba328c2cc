"""Proofs and nonces remembered too little or too well: RFC 9449 §8, §9 and §11.1."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from tokenspec.reference_server.alterations.building import subtle
from tokenspec.reference_server.alterations.lookups import token_of
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.errors import OAuthError, invalid_dpop_proof
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check, Guard
from tokenspec.reference_server.guards.dpop import PROOF, jti_present, jti_unseen, nonce
from tokenspec.reference_server.keys import base64url
from tokenspec.reference_server.nonces import recent_nonces

PROOF_LIFETIME = 10  # seconds, less than the window a proof is taken in
WEEK_OF_NONCES = 7 * 24 * 12


def _short_memory(exchange: Exchange) -> None:
    """Remembered for as long as a proof is good without the skew that is allowed as well."""
    issued = exchange.dpop.claims.get("iat") if exchange.dpop else None
    if isinstance(issued, int | float) and issued > exchange.now - PROOF_LIFETIME:
        jti_unseen.check(exchange)


def _jti_anywhere(exchange: Exchange) -> None:
    """As if every request came to one address."""
    jti_unseen.check(replace(exchange, endpoint="token"))


def _nonce_for_ever(exchange: Exchange) -> None:
    given = recent_nonces(exchange.core, exchange.endpoint, WEEK_OF_NONCES)
    if exchange.dpop and exchange.dpop.claims.get("nonce") not in given:
        nonce.check(exchange)


def _nonce_spends(exchange: Exchange) -> None:
    """What was shown is looked up, and so spent, before the nonce is."""
    try:
        nonce.check(exchange)
    except OAuthError:
        exchange.core.store.consume_code(exchange.get("code"))
        exchange.core.store.retire_token(exchange.get("refresh_token"))
        raise


def _ath(shown: object) -> str:
    return base64url(hashlib.sha256(str(shown).encode()).digest())


def _ath_of_any(exchange: Exchange) -> None:
    shown = exchange.dpop.claims.get("ath") if exchange.dpop else None
    if exchange.dpop and token_of(exchange.core.store, lambda v: _ath(v) == shown) is None:
        raise invalid_dpop_proof("ath")


def _no_ath_at_token(exchange: Exchange) -> None:
    jti_present.check(exchange)
    if exchange.endpoint == "token" and exchange.dpop and "ath" in exchange.dpop.claims:
        raise invalid_dpop_proof("ath where no access token is shown")


def _bound_unless_in_form(exchange: Exchange) -> None:
    token = exchange.shown_token
    header = exchange.request.header("Authorization")
    if header and token and token.jkt and exchange.scheme == "bearer":
        raise OAuthError("invalid_token", "bound token shown as Bearer", 401)


def _unless_refreshing(guard: Guard) -> Check:
    def check(exchange: Exchange) -> None:
        if exchange.get("grant_type") != "refresh_token":
            guard.check(exchange)

    return check


def _bound_unless_proved(exchange: Exchange) -> None:
    token = exchange.shown_token
    if token and token.jkt and exchange.scheme == "bearer" and exchange.dpop is None:
        raise OAuthError("invalid_token", "bound token shown as Bearer", 401)


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "dpop.jti_forgotten_early",
        "RFC9449-11.1-jti_replay_token_endpoint",
        "a jti is forgotten while its proof is still taken",
        dpop__jti_unseen=_short_memory,
    ),
    subtle(
        "dpop.jti_anywhere",
        "RFC9449-11.1-jti_other_uri",
        "a jti seen at one address counts at all of them",
        dpop__jti_unseen=_jti_anywhere,
    ),
    subtle(
        "dpop.nonce_for_ever",
        "RFC9449-8-nonce_mismatch_rejected",
        "a nonce stays good for ever",
        dpop__nonce=_nonce_for_ever,
    ),
    subtle(
        "dpop.nonce_spends",
        "RFC9449-8-retry_same_code",
        "a code or refresh token is spent on a request that lacks the nonce",
        dpop__nonce=_nonce_spends,
    ),
    subtle(
        "dpop.ath_of_any_token",
        "RFC9449-4.3-12_ath",
        "ath may be the hash of any token the server has issued",
        dpop__ath=_ath_of_any,
    ),
    subtle(
        "dpop.ath_at_token_refused",
        "RFC9449-4.2-other_claims",
        "a proof with ath is refused where no access token is shown",
        dpop__jti_present=_no_ath_at_token,
    ),
    Alteration(
        "dpop.unchecked_at_refresh",
        "RFC9449-5-refresh_binding_validated",
        "of a proof at a refresh nothing but the key is looked at",
        {guard.name: _unless_refreshing(guard) for guard in PROOF},
    ),
    subtle(
        "resource.bound_as_bearer_in_form",
        "RFC9449-7.2-reject_bound_as_bearer",
        "a bound token is taken as Bearer in a form",
        resource__bound_not_as_bearer=_bound_unless_in_form,
    ),
    subtle(
        "resource.bound_as_bearer_with_proof",
        "RFC9449-7.2-reject_bound_as_bearer",
        "a bound token is taken as Bearer if a proof comes with it",
        resource__bound_not_as_bearer=_bound_unless_proved,
    ),
)
