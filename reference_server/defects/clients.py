"""Clients that need not show who they are: RFC 6749 §2.3, §3.2.1."""

from __future__ import annotations

from typing import Any

import jwt

from reference_server.defects.building import nothing, subtle
from reference_server.errors import invalid_client
from reference_server.exchange import Exchange, UnverifiedJwt
from reference_server.guarding import Defect


def _no_basic(exchange: Exchange) -> None:
    if exchange.basic:
        raise invalid_client("no Basic here")


def _no_post(exchange: Exchange) -> None:
    if exchange.get("client_secret"):
        raise invalid_client("no secret in the body here")


def _any_aud_list(exchange: Exchange) -> None:
    audience = UnverifiedJwt.read(exchange.get("client_assertion")).claims.get("aud")
    server = exchange.server
    if isinstance(audience, str) and audience not in {
        server.config.issuer,
        server.endpoint("token"),
    }:
        raise invalid_client("assertion aud")


def _key_in_header(exchange: Exchange) -> None:
    assertion = UnverifiedJwt.read(exchange.get("client_assertion"))
    jwk = assertion.header.get("jwk")
    registered = (
        dict(exchange.client.jwks)["keys"] if exchange.client and exchange.client.jwks else ()
    )
    for key in (jwk, *registered):
        if isinstance(key, dict) and _signed(assertion, key):
            return
    if exchange.client and exchange.client.auth_method == "private_key_jwt":
        raise invalid_client("assertion signature")


def _signed(assertion: UnverifiedJwt, key: dict[str, Any]) -> bool:
    public = jwt.PyJWK(key, "ES256").key
    algorithm = jwt.algorithms.get_default_algorithms()["ES256"]
    return algorithm.verify(assertion.signing_input, public, assertion.signature)


DEFECTS: tuple[Defect, ...] = (
    subtle(
        "client.basic_refused",
        "RFC6749-2.3.1-basic_supported",
        "Basic credentials are refused",
        client__one_method=_no_basic,
    ),
    subtle(
        "client.post_refused",
        "RFC6749-2.3.1-body_credentials",
        "a secret in the body is refused",
        client__one_method=_no_post,
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
