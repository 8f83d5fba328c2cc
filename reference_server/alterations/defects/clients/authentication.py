"""Clients that need not show who they are: RFC 6749 §2.3, §3.2.1."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus, unquote

import jwt

from tokenspec.reference_server.alterations.building import nothing, subtle
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.errors import invalid_client
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check, Guard
from tokenspec.reference_server.guards import client_authentication as rules
from tokenspec.reference_server.jwts import UnverifiedJwt


def _no_basic(exchange: Exchange) -> None:
    if exchange.basic:
        raise invalid_client("no Basic here")


def _no_post(exchange: Exchange) -> None:
    if exchange.get("client_secret"):
        raise invalid_client("no secret in the body here")


def _some_secret(exchange: Exchange) -> None:
    client = exchange.client
    if client and client.auth_method == "none" and not exchange.get("client_secret"):
        raise invalid_client("no secret")


def _any_aud_list(exchange: Exchange) -> None:
    audience = UnverifiedJwt.read(exchange.get("client_assertion")).claims.get("aud")
    core = exchange.core
    if isinstance(audience, str) and audience not in {
        core.config.issuer,
        core.endpoint("token"),
    }:
        raise invalid_client("assertion aud")


def _key_in_header(exchange: Exchange) -> None:
    assertion = UnverifiedJwt.read(exchange.get("client_assertion"))
    jwk = assertion.header.get("jwk")
    registered = (
        dict(exchange.client.jwks)["keys"] if exchange.client and exchange.client.jwks else ()
    )
    for key in (jwk, *registered):
        if isinstance(key, dict) and signed(assertion, key):
            return
    if exchange.client and exchange.client.auth_method == "private_key_jwt":
        raise invalid_client("assertion signature")


def signed(assertion: UnverifiedJwt, key: dict[str, Any]) -> bool:
    """Whether the key signed the assertion, with its own algorithm."""
    name = key.get("alg", "ES256")
    public = jwt.PyJWK(key, name).key
    algorithm = jwt.algorithms.get_default_algorithms()[name]
    return algorithm.verify(assertion.signing_input, public, assertion.signature)


def _secret(agrees: Callable[[str, str], bool]) -> Check:
    """The check of the secret, made by `agrees(shown, registered)`."""

    def check(exchange: Exchange) -> None:
        client = exchange.client
        if client is None or not client.auth_method.startswith("client_secret"):
            return
        shown = exchange.basic[1] if exchange.basic else exchange.get("client_secret")
        if not (shown and agrees(shown, client.secret)):
            raise invalid_client("wrong secret")

    return check


def _basic_secret(agrees: Callable[[str, str], bool]) -> Check:
    """The same of the secret in the header as it was sent, before it is decoded."""

    def check(exchange: Exchange) -> None:
        client, header = exchange.client, exchange.request.header("Authorization")
        if client is None or client.auth_method != "client_secret_basic":
            return
        sent = base64.b64decode(header.partition(" ")[2]).decode().partition(":")[2]
        if not agrees(sent, client.secret):
            raise invalid_client("wrong secret")

    return check


def _named(exchange: Exchange) -> bool:
    """Whether a refresh says whose it is."""
    shown = ("client_id", "client_secret", "client_assertion")
    return bool(exchange.basic) or any(map(exchange.get, shown)) or not exchange.refreshing


def _of_its_token(exchange: Exchange) -> None:
    token = exchange.refresh_token
    if token is not None and not _named(exchange):
        exchange.client = exchange.core.config.client(token.grant.client_id)
    rules.known.check(exchange)


def _if_named(guard: Guard) -> Check:
    return lambda exchange: guard.check(exchange) if _named(exchange) else None


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "client.of_its_refresh_token",
        "RFC6749-6-client_auth_required",
        "a refresh that names no client is that of the client the token was issued to",
        client__known=_of_its_token,
        client__registered_method=_if_named(rules.registered_method),
        client__secret=_if_named(rules.secret),
        client__assertion_type=_if_named(rules.assertion_type),
        client__assertion_signature=_if_named(rules.assertion_signature),
    ),
    subtle(
        "client.secret_of_public",
        "RFC8252-8.5-no_shared_secret_required",
        "a client that has no secret has to show one, whatever it is",
        client__one_method=_some_secret,
        client__registered_method=nothing,
    ),
    subtle(
        "client.basic_refused",
        "RFC6749-2.3.1-basic_supported",
        "Basic credentials are refused, and taken in the body alone",
        client__one_method=_no_basic,
        client__registered_method=nothing,
    ),
    subtle(
        "client.post_refused",
        "RFC6749-2.3.1-body_credentials",
        "a secret in the body is refused, and taken by Basic alone",
        client__one_method=_no_post,
        client__registered_method=nothing,
    ),
    subtle(
        "client.secret_any_case",
        "RFC6749-5.2-invalid_client-unknown",
        "a secret is compared without regard to case",
        client__secret=_secret(lambda shown, own: shown.lower() == own.lower()),
    ),
    subtle(
        "client.secret_cut_short",
        "RFC6749-5.2-invalid_client-unknown",
        "the first part of a secret is enough",
        client__secret=_secret(lambda shown, own: own.startswith(shown)),
    ),
    subtle(
        "client.secret_with_more",
        "RFC6749-5.2-invalid_client-unknown",
        "what stands behind a secret is overlooked",
        client__secret=_secret(lambda shown, own: shown.startswith(own)),
    ),
    subtle(
        "client.basic_plus_kept",
        "RFC6749-2.3.1-basic_form_encoding",
        "in Basic a plus sign is not read as a space",
        client__secret=_basic_secret(lambda sent, own: unquote(sent) == own),
    ),
    subtle(
        "client.basic_one_spelling",
        "RFC6749-2.3.1-basic_form_encoding",
        "in Basic one way to encode is known, where several mean the same",
        client__secret=_basic_secret(lambda sent, own: sent == quote_plus(own)),
    ),
    subtle(
        "client.audience_list_unread",
        "RFC7523-3-aud_required",
        "an aud that is a list is not looked at",
        client__assertion_audience=_any_aud_list,
    ),
    subtle(
        "client.key_in_header",
        "RFC7523-3-signature",
        "an assertion may bring its own key",
        client__assertion_signature=_key_in_header,
    ),
    subtle(
        "client.not_authenticated",
        "RFC6749-3.2.1-confidential_authenticates",
        "a confidential client need not authenticate",
        client__registered_method=nothing,
        client__secret=nothing,
        client__one_method=nothing,
    ),
)
