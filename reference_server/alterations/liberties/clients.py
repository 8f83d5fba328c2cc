"""How clients show who they are, and when they are told off: RFC 6749 §2.3, RFC 7523 §3."""

from __future__ import annotations

from tokenspec.reference_server.alterations.liberties.model import Liberty, checking, telling
from tokenspec.reference_server.endpoints.answers import Refused
from tokenspec.reference_server.errors import OAuthError, invalid_client
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards import client_authentication as client
from tokenspec.reference_server.guards import code, dpop, request
from tokenspec.reference_server.jwts import UnverifiedJwt

SECRETS = {"client_secret_basic", "client_secret_post"}
AT_MOST = 600  # seconds an assertion may be good for, or be old


def _either_way(exchange: Exchange) -> None:
    """A secret, by the header or in the body, whichever the client is registered with."""
    registered = exchange.client.auth_method if exchange.client else ""
    by_secret = exchange.basic is not None or exchange.get("client_secret")
    if registered not in SECRETS or not by_secret:
        client.registered_method.check(exchange)


def _number(exchange: Exchange, name: str) -> float | None:
    found = UnverifiedJwt.read(exchange.get("client_assertion")).claims.get(name)
    return float(found) if isinstance(found, int | float) else None


def _not_far_ahead(exchange: Exchange) -> None:
    client.assertion_expiry.check(exchange)
    expires = _number(exchange, "exp")
    if expires is not None and expires > exchange.now + AT_MOST:
        raise invalid_client("assertion exp is far ahead")


def _not_long_ago(exchange: Exchange) -> None:
    client.assertion_not_before.check(exchange)
    issued = _number(exchange, "iat")
    if issued is not None and issued < exchange.now - AT_MOST:
        raise invalid_client("assertion iat is long ago")


def _missing_is_malformed(error: OAuthError, about: Refused) -> OAuthError:
    exchange = about.exchange
    shown = exchange.basic or exchange.get("client_assertion") or exchange.get("client_id")
    if about.guard.name != client.known.name or shown:
        return error
    return OAuthError("invalid_request", error.cause)


def _client_first(exchange: Exchange) -> None:
    """Who asks is looked at before what is asked for; a secret is checked twice, unharmed."""
    for item in (client.one_method, client.known, client.registered_method, client.secret):
        item.check(exchange)
    request.grant_type_present.check(exchange)


def _code_first(exchange: Exchange) -> None:
    client.one_method.check(exchange)
    if exchange.endpoint == "token" and exchange.get("grant_type") == "authorization_code":
        for item in (request.code_present, code.issued, code.unexpired):
            item.check(exchange)


def _proof_first(exchange: Exchange) -> None:
    request.grant_type_known.check(exchange)
    for item in (dpop.single_header, dpop.well_formed, dpop.typ, dpop.alg, dpop.jwk_present):
        item.check(exchange)


ORDER = "The text lists what is checked and gives the checks no order."
LIBERTIES: tuple[Liberty, ...] = (
    checking(
        "client.secret_either_way",
        "RFC 6749 §2.3.1",
        "A server takes a secret by Basic, and may take it in the body as well.",
        "a client with a secret may show it in the header or in the body",
        client__registered_method=_either_way,
    ),
    checking(
        "client.assertion_lifetime_limited",
        "RFC 7523 §3",
        "An assertion that expires unreasonably late may be refused.",
        "a client assertion that is good for more than ten minutes is refused",
        client__assertion_expiry=_not_far_ahead,
    ),
    checking(
        "client.assertion_age_limited",
        "RFC 7523 §3",
        "An assertion that was issued unreasonably long ago may be refused.",
        "a client assertion that is older than ten minutes is refused",
        client__assertion_not_before=_not_long_ago,
    ),
    telling(
        "error.client_missing_invalid_request",
        "RFC 6749 §5.2",
        "invalid_request is for a request that lacks a required parameter.",
        "a request that names no client is an invalid_request",
        error=_missing_is_malformed,
    ),
    checking(
        "token.client_checked_first",
        "RFC 6749 §4.1.3",
        ORDER,
        "who asks is checked before the grant type is looked at",
        request__grant_type_present=_client_first,
    ),
    checking(
        "token.code_checked_first",
        "RFC 6749 §4.1.3",
        ORDER,
        "whether the code is one of the server is checked before the client",
        client__one_method=_code_first,
    ),
    checking(
        "token.proof_checked_first",
        "RFC 9449 §4.3",
        "The checks of a proof may run in any order; nor is one said beside the client's.",
        "the form of a proof is checked before the client",
        request__grant_type_known=_proof_first,
    ),
)
