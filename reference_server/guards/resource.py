"""What a request to a protected resource has to fulfil: RFC 6750 and RFC 9449 §7."""

from __future__ import annotations

from tokenspec.reference_server.errors import OAuthError, invalid_request
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import guard


def invalid_token(cause: str) -> OAuthError:
    """RFC 6750 §3.1: the access token is expired, revoked, malformed or otherwise invalid."""
    return OAuthError("invalid_token", cause, 401)


@guard("resource.token_present", "RFC6750-3-www_authenticate")
def token_present(exchange: Exchange) -> None:
    """RFC 6750 §3: a request without a token is challenged."""
    if not exchange.access_token:
        raise OAuthError("", "no access token", 401)


@guard("resource.one_place", "RFC6750-3.1-invalid_request_400")
def one_place(exchange: Exchange) -> None:
    """RFC 6750 §2, §3.1: a token is shown in one place."""
    if exchange.request.header("Authorization") and exchange.get("access_token"):
        raise invalid_request("a token in two places")


@guard("resource.one_authorization", "RFC9449-7.2-ambiguous_both")
def one_authorization(exchange: Exchange) -> None:
    """RFC 9449 §7.2: a request that shows tokens in two schemes at once is ambiguous."""
    if len(exchange.request.header_all("Authorization")) > 1:
        raise invalid_request("several Authorization headers")


@guard("resource.token_active", "RFC6749-7-resource_validates_token")
def token_active(exchange: Exchange) -> None:
    """RFC 6750 §3.1: the token was issued, not revoked, not expired."""
    if not exchange.access_token:
        return
    token = exchange.shown_token
    if token is None or not token.active or token.expires_at <= exchange.now:
        raise invalid_token("unknown, expired or revoked")


@guard("resource.bound_not_as_bearer", "RFC9449-7.2-reject_bound_as_bearer")
def bound_not_as_bearer(exchange: Exchange) -> None:
    """RFC 9449 §7.2: a bound token is no bearer token."""
    token = exchange.shown_token
    if token and token.jkt and exchange.scheme == "bearer":
        raise invalid_token("bound token shown as Bearer")


@guard("resource.proof_present", "RFC9449-7.1-resource_checks_proof")
def proof_present(exchange: Exchange) -> None:
    """RFC 9449 §7.1: with the scheme DPoP there is a proof."""
    if exchange.scheme == "dpop" and exchange.dpop is None:
        raise invalid_token("no proof")


@guard("resource.scope_openid", "RFC6750-3.1-insufficient_scope_403")
def scope_openid(exchange: Exchange) -> None:
    """OpenID Connect Core §5.3: userinfo is for tokens with the scope openid."""
    token = exchange.shown_token
    if token and "openid" not in token.grant.scope:
        raise OAuthError("insufficient_scope", "no scope openid", 403)


@guard("resource.audience", "RFC9700-2.3-resource_checks_audience")
def audience(exchange: Exchange) -> None:
    """RFC 9700 §2.3: a token that is meant for an API opens no other resource."""
    token = exchange.shown_token
    if token and exchange.core.config.api(token.grant.audience):
        raise invalid_token("meant for an API")
