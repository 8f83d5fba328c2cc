"""What an authorization code has to fulfil when it is exchanged."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from tokenspec.reference_server.errors import invalid_grant
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import guard
from tokenspec.reference_server.store import Code

VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")


@guard("code.issued", "RFC6749-4.1.3-code_valid")
def issued(exchange: Exchange) -> None:
    """RFC 6749 §5.2: the code is one the server issued."""
    if exchange.code is None:
        raise invalid_grant("unknown code")


@guard("code.of_this_client", "RFC6749-4.1.3-code_issued_to_public_client_id")
def of_this_client(exchange: Exchange) -> None:
    """RFC 6749 §4.1.3: the code was issued to the client that shows it."""
    code, client = exchange.code, exchange.client
    if code and client and code.grant.client_id != client.client_id:
        raise invalid_grant("code of another client")


@guard("code.unused", "RFC6749-4.1.2-code_reuse_revokes_access_token")
def unused(exchange: Exchange) -> None:
    """RFC 6749 §4.1.2: a code is used once; tokens of a code used twice are revoked.

    Not upon a use that would have failed anyway (OAuth 2.1 §7.5.2).
    """
    code = exchange.code
    if code and code.used:
        if verifies(code, exchange):
            exchange.core.store.revoke_family(code.grant.family)
        raise invalid_grant("code used before")


@guard("code.unexpired", "RFC6749-4.1.2-code_expires")
def unexpired(exchange: Exchange) -> None:
    """RFC 6749 §4.1.2: a code expires soon."""
    code = exchange.code
    if code and code.expires_at <= exchange.now:
        raise invalid_grant("code expired")


@guard("redirect_uri.present", "RFC6749-4.1.3-redirect_uri_required_if_sent")
def redirect_uri_present(exchange: Exchange) -> None:
    """RFC 6749 §4.1.3: redirect_uri is required if the authorization request had it."""
    code = exchange.code
    if not exchange.core.config.policy.redirect_uri_at_token:
        return
    if code and code.redirect_uri_sent and not exchange.get("redirect_uri"):
        raise invalid_grant("no redirect_uri")


@guard("redirect_uri.same", "RFC6749-4.1.3-redirect_uri_identical")
def redirect_uri_same(exchange: Exchange) -> None:
    """RFC 6749 §4.1.3: redirect_uri is identical to that of the authorization request."""
    code, shown = exchange.code, exchange.get("redirect_uri")
    if code and shown and shown != code.redirect_uri:
        raise invalid_grant("another redirect_uri")


@guard("pkce.verifier_present", "RFC7636-4.5-verifier_required")
def verifier_present(exchange: Exchange) -> None:
    """RFC 7636 §4.6: a code with a challenge needs its verifier."""
    code = exchange.code
    if code and code.code_challenge and not exchange.get("code_verifier"):
        raise invalid_grant("no code_verifier")


@guard("pkce.verifier_form", "RFC7636-4.1-verifier_length")
def verifier_form(exchange: Exchange) -> None:
    """RFC 7636 §4.1: a verifier has 43 to 128 unreserved characters."""
    shown = exchange.get("code_verifier")
    if shown and not VERIFIER.fullmatch(shown):
        raise invalid_grant("malformed code_verifier")


@guard("pkce.verifier_matches", "RFC7636-4.6-mismatch_invalid_grant")
def verifier_matches(exchange: Exchange) -> None:
    """RFC 7636 §4.6: the verifier hashes to the challenge."""
    code = exchange.code
    if code and exchange.get("code_verifier") and not verifies(code, exchange):
        raise invalid_grant("code_verifier does not match")


@guard("pkce.no_verifier_without_challenge", "RFC9700-2.1.1-downgrade_mitigated")
def no_verifier_without_challenge(exchange: Exchange) -> None:
    """RFC 9700 §2.1.1: a verifier is refused where there was no challenge."""
    code = exchange.code
    if code and not code.code_challenge and exchange.get("code_verifier"):
        raise invalid_grant("code_verifier without code_challenge")


@guard("code.consumed_once", "RFC6749-4.1.2-code_reuse_denied")
def consumed_once(exchange: Exchange) -> None:
    """RFC 6749 §4.1.2: of several uses at once, one wins.

    It is the last guard, so that only what nothing else refuses is consumed. Whatever the order
    was, each other use came after it and so is one of a used code. One that was used when it was
    looked up is the business of `unused`.
    """
    code, store = exchange.code, exchange.core.store
    if code and not store.consume_code(code.value):
        if not code.used:
            store.revoke_family(code.grant.family)
        raise invalid_grant("code used at the same time")


def verifies(code: Code, exchange: Exchange) -> bool:
    """Whether the verifier shown leads to the challenge; anything does where there was none."""
    if not code.code_challenge:
        return True
    shown = exchange.get("code_verifier")
    computed = shown if code.code_challenge_method == "plain" else s256(shown)
    return hmac.compare_digest(computed.encode(), code.code_challenge.encode())


def s256(code_verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636 §4.2)."""
    digest = hashlib.sha256(code_verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
