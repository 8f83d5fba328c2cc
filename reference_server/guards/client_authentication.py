"""Who the client is, and whether it proved it."""

from __future__ import annotations

import hmac

from tokenspec.reference_server.errors import OAuthError, invalid_client, invalid_request
from tokenspec.reference_server.exchange import ASSERTION_TYPE, Exchange
from tokenspec.reference_server.guarding import guard
from tokenspec.reference_server.jwts import UnverifiedJwt
from tokenspec.reference_server.keys import signed_by_one_of

LEEWAY, FURTHEST_AHEAD = 10, 60  # seconds: FAPI 2.0 Security Profile §5.3.2.1


def _methods(exchange: Exchange) -> set[str]:
    """The authentication methods a request uses, whether they succeed or not."""
    used = set()
    if exchange.basic is not None:
        used.add("client_secret_basic")
    if exchange.get("client_secret"):
        used.add("client_secret_post")
    if exchange.get("client_assertion"):
        used.add("private_key_jwt")
    return used


@guard("client.one_method", "RFC6749-2.3-one_auth_method")
def one_method(exchange: Exchange) -> None:
    """RFC 6749 §2.3: at most one authentication method in a request."""
    if len(_methods(exchange)) > 1:
        raise invalid_request("several client authentication methods")


@guard("client.known", "RFC6749-5.2-invalid_client-unknown")
def known(exchange: Exchange) -> None:
    """RFC 6749 §5.2: the client is registered."""
    if exchange.client is None:
        raise invalid_client("unknown client")


@guard("client.id_agrees", "RFC6749-3.2.1-client_id_param")
def id_agrees(exchange: Exchange) -> None:
    """RFC 6749 §3.2.1: client_id in the body names the client that authenticated."""
    stated = exchange.get("client_id")
    if exchange.basic and stated and stated != exchange.basic[0]:
        raise invalid_client("client_id is not the authenticated client")


@guard("client.registered_method", "RFC6749-5.2-invalid_client-unsupported_method")
def registered_method(exchange: Exchange) -> None:
    """RFC 6749 §3.2.1: a client authenticates as it is registered to."""
    if exchange.client is None:
        return
    used = _methods(exchange) or {"none"}
    if exchange.client.auth_method not in used:
        raise invalid_client(f"expected {exchange.client.auth_method}")


@guard("client.secret", "RFC6749-5.2-invalid_client-unknown")
def secret(exchange: Exchange) -> None:
    """RFC 6749 §2.3.1: the secret is the registered one."""
    client = exchange.client
    if client is None or not client.auth_method.startswith("client_secret"):
        return
    shown = exchange.basic[1] if exchange.basic else exchange.get("client_secret")
    if not hmac.compare_digest(shown.encode(), client.secret.encode()):
        raise invalid_client("wrong secret")


def _assertion(exchange: Exchange) -> UnverifiedJwt | None:
    client = exchange.client
    if client is None or client.auth_method != "private_key_jwt":
        return None
    return UnverifiedJwt.read(exchange.get("client_assertion"))


@guard("client.assertion_type", "OIDCC-9-assertion_type")
def assertion_type(exchange: Exchange) -> None:
    """RFC 7521 §4.2: the assertion's type is named."""
    if _assertion(exchange) and exchange.get("client_assertion_type") != ASSERTION_TYPE:
        raise invalid_client("client_assertion_type")


@guard("client.assertion_signature", "RFC7523-3-signature")
def assertion_signature(exchange: Exchange) -> None:
    """RFC 7523 §3 (9): the assertion is signed with a key of the client."""
    assertion = _assertion(exchange)
    if assertion is None or exchange.client is None or exchange.client.jwks is None:
        return
    if not assertion.well_formed:
        raise invalid_client("assertion is not a JWT")
    algorithms = exchange.core.policy.client_algorithms
    if not signed_by_one_of(exchange.client.jwks, assertion.encoded, algorithms):
        raise invalid_client("assertion signature")


@guard("client.assertion_issuer", "RFC7523-3-iss_sub_client_id")
def assertion_issuer(exchange: Exchange) -> None:
    """RFC 7523 §3 (1, 2): iss and sub name the client."""
    assertion = _assertion(exchange)
    if assertion is None or exchange.client is None:
        return
    for name in ("iss", "sub"):
        if assertion.claims.get(name) != exchange.client.client_id:
            raise invalid_client(f"assertion {name}")


@guard("client.assertion_audience", "RFC7523-3-aud_required")
def assertion_audience(exchange: Exchange) -> None:
    """RFC 7523 §3 (3): aud names this server, by policy the issuer alone and as a text.

    RFC 9126 §2: where requests are pushed, by the URL of that endpoint too.
    """
    assertion = _assertion(exchange)
    if assertion is None:
        return
    audience = assertion.claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    core = exchange.core
    if core.policy.assertion_audience_issuer:
        if audience != core.config.issuer:
            raise invalid_client("assertion aud is not the issuer")
        return
    own = {core.config.issuer, core.endpoint("token")}
    if exchange.endpoint == "par":
        own.add(exchange.url)
    if not own & {str(item) for item in named}:
        raise invalid_client("assertion aud")


@guard("client.assertion_expiry", "RFC7523-3-exp_required")
def assertion_expiry(exchange: Exchange) -> None:
    """RFC 7523 §3 (4): exp is there and not past."""
    assertion = _assertion(exchange)
    if assertion is None:
        return
    expires = assertion.claims.get("exp")
    if not isinstance(expires, int | float) or expires <= exchange.now:
        raise invalid_client("assertion exp")


@guard("client.assertion_not_before", "RFC7519-4.1.5-nbf_enforced")
def assertion_not_before(exchange: Exchange) -> None:
    """RFC 7519 §4.1.5: an assertion is not accepted before nbf, but for clocks that differ."""
    assertion = _assertion(exchange)
    starts = assertion.claims.get("nbf") if assertion else None
    if isinstance(starts, int | float) and starts > exchange.now + LEEWAY:
        raise invalid_client("assertion nbf")


@guard("client.assertion_not_ahead", "FAPI2SP-5.3.2.1-iat_60s_ahead_rejected")
def assertion_not_ahead(exchange: Exchange) -> None:
    """FAPI 2.0 §5.3.2.1: an assertion is not from more than a minute ahead."""
    assertion = _assertion(exchange)
    issued = assertion.claims.get("iat") if assertion else None
    if isinstance(issued, int | float) and issued > exchange.now + FURTHEST_AHEAD:
        raise invalid_client("assertion iat")


@guard("client.assertion_replay", "OIDCC-9-assertion_single_use")
def assertion_replay(exchange: Exchange) -> None:
    """OpenID Connect Core §9: an assertion's jti is used once."""
    assertion = _assertion(exchange)
    if assertion is None:
        return
    jti = assertion.claims.get("jti")
    seen = f"assertion:{assertion.claims.get('iss')}:{jti}"  # unique by issuer: RFC 7519 §4.1.7
    if not jti or not exchange.core.store.first_time(seen, exchange.now + 600):
        raise invalid_client("assertion jti")


@guard("client.grant_allowed", "RFC6749-5.2-unauthorized_client")
def grant_allowed(exchange: Exchange) -> None:
    """RFC 6749 §5.2: the client may use this grant."""
    client, grant_type = exchange.client, exchange.get("grant_type")
    if client and grant_type not in client.grant_types:
        raise OAuthError("unauthorized_client", f"grant_type {grant_type!r}")
