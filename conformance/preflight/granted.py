"""What the tokens of a valid exchange show of the server, beside what its metadata says."""

from __future__ import annotations

from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.scenario.model import Answer
from tokenspec.conformance.target.rules import Decision, claims_openid

OPENID, REFRESH, CODE_ONLY = "openid", "refresh", "code-only-client"
PROOF_ERRORS = ("invalid_dpop_proof", "use_dpop_nonce")


def learned_of_tokens(setup: Setup, token: Played) -> dict[str, Decision]:
    """Whether the server speaks OpenID Connect, where its metadata does not claim so.

    RFC 6749 §3.3: a server may pass over a scope. One that claims OpenID Connect and leaves out the
    ID token is held to it (OpenID Connect Core §3.1.3.3).
    """
    if setup.missing((OPENID,)):
        return {}
    if token.received.get("id_token"):
        return {OPENID: Decision(True, "seen: scope openid brought an id_token")}
    told = token.received.get("scope")
    if isinstance(told, str) and OPENID not in told.split():
        why = f"seen: scope openid was asked for, and not granted ({told[:60]!r})"
        return {OPENID: Decision(False, why)}
    if claims_openid(setup.discovered):
        return {}
    why = "seen: no id_token came, and the metadata claims no OpenID Connect"
    return {OPENID: Decision(False, why)}


def learned_of_refresh(setup: Setup, transcript: Transcript) -> dict[str, Decision]:
    """Whether there are refresh tokens: issuing one is optional (RFC 6749 §1.5, §5.1)."""
    played = transcript.step("refresh")
    if played is None:
        return {REFRESH: Decision(False, "seen: no refresh_token came")}
    if played.answer is not Answer.GRANTED:
        return {}
    if setup.missing((REFRESH,)):
        return {REFRESH: Decision(True, "seen: a refresh_token came, and its use was granted")}
    return {}


def needs_proof(transcript: Transcript) -> bool:
    """Whether the valid token request was refused in a way that a missing DPoP proof explains."""
    token = transcript.step("token")
    if token is None or token.answer is not Answer.REFUSED:
        return False
    described = str(token.received.get("error_description", "")).lower()
    return token.error in PROOF_ERRORS or "dpop" in described or token.error == "invalid_request"
