"""What a request object has to fulfil: RFC 9101, and RFC 7519 of every JWT."""

from __future__ import annotations

from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.guarding import guard
from tokenspec.reference_server.keys import signed_by_one_of

LEEWAY = 60  # seconds; RFC 7519 §4.1.5 allows a few minutes


def invalid(cause: str) -> OAuthError:
    """RFC 9101 §7."""
    return OAuthError("invalid_request_object", cause)


@guard("request_object.signature", "RFC9101-6.2-signature_validated")
def signature(request: Authorization) -> None:
    """RFC 9101 §6.2: it is signed with a key of the client, by the algorithm of that key."""
    signed, client = request.request_object, request.client
    if signed is None or client is None:
        return
    algorithms = request.core.policy.client_algorithms
    if not signed.well_formed or not signed_by_one_of(client.jwks, signed.encoded, algorithms):
        raise invalid("request object signature")


@guard("request_object.client_id", "RFC9101-6.3-same_client_id")
def client_id(request: Authorization) -> None:
    """RFC 9101 §6.3: the client that it names is the one beside it."""
    signed = request.request_object
    if signed is None:
        return
    if signed.claims.get("client_id", request.get("client_id")) != request.get("client_id"):
        raise invalid("request object of another client")


@guard("request_object.audience", "RFC7519-4.1.3-aud_mismatch_rejected")
def audience(request: Authorization) -> None:
    """RFC 7519 §4.1.3: where it has an audience, that is this server."""
    named = request.request_object.claims.get("aud") if request.request_object else None
    every = named if isinstance(named, list) else [named]
    if named is not None and request.core.config.issuer not in every:
        raise invalid("request object for another server")


@guard("request_object.expiry", "RFC7519-4.1.4-exp_enforced")
def expiry(request: Authorization) -> None:
    """RFC 7519 §4.1.4: it is not used from its expiry on."""
    ends = request.request_object.claims.get("exp") if request.request_object else None
    if isinstance(ends, int | float) and ends <= request.now:
        raise invalid("request object expired")


@guard("request_object.not_before", "RFC7519-4.1.5-nbf_enforced")
def not_before(request: Authorization) -> None:
    """RFC 7519 §4.1.5: nor before the time in nbf, but for clocks that differ."""
    starts = request.request_object.claims.get("nbf") if request.request_object else None
    if isinstance(starts, int | float) and starts > request.now + LEEWAY:
        raise invalid("request object nbf")


REDIRECTED = (signature, client_id, audience, expiry, not_before)
