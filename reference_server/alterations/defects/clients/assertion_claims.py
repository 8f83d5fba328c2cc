"""Claims and signatures of client assertions of which one is not looked at: RFC 7523 §3."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

import jwt
from cryptography.hazmat.primitives import serialization

from tokenspec.reference_server.alterations.building import subtle
from tokenspec.reference_server.alterations.defects.clients.assertions import (
    asserting,
    expired_for,
    shown,
)
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.errors import invalid_client
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check, Guard
from tokenspec.reference_server.guards import client_authentication as client
from tokenspec.reference_server.jwts import UnverifiedJwt

HALF_AN_HOUR = 1800  # seconds
R_SIGNED, R_EXPIRY = "RFC7523-3-signature", "RFC7523-3-exp_required"


def _unless(guard: Guard, passed_over: Callable[[UnverifiedJwt], bool]) -> Check:
    """The check of a guard, not made of an assertion that is `passed_over`."""

    def check(exchange: Exchange) -> None:
        if not (asserting(exchange) and passed_over(shown(exchange))):
            guard.check(exchange)

    return check


def _issuer_unread(exchange: Exchange) -> None:
    named = exchange.client.client_id if exchange.client else ""
    if asserting(exchange) and shown(exchange).claims.get("sub") != named:
        raise invalid_client("assertion sub")


def _shared(exchange: Exchange) -> None:
    """The algorithm of the header is used with the public key, whatever kind of key it is."""
    assertion, registered = shown(exchange), exchange.client.jwks if exchange.client else None
    if not asserting(exchange) or registered is None or assertion.header.get("alg") != "HS256":
        client.assertion_signature.check(exchange)
        return
    for key in jwt.PyJWKSet.from_dict(dict(registered)).keys:
        pem = key.key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        expected = hmac.digest(pem, assertion.signing_input, hashlib.sha256)
        if hmac.compare_digest(expected, assertion.signature):
            return
    raise invalid_client("assertion signature")


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "client.assertion_unsigned",
        R_SIGNED,
        "an assertion is taken unsigned where alg is none",
        client__assertion_signature=_unless(
            client.assertion_signature, lambda shown: shown.header.get("alg") == "none"
        ),
    ),
    subtle(
        "client.assertion_by_shared_key",
        R_SIGNED,
        "the public key of a client is taken for a shared one where alg says so",
        client__assertion_signature=_shared,
    ),
    subtle(
        "client.assertion_malformed_passes",
        R_SIGNED,
        "an assertion that is not a JWT is taken for one that was looked at",
        **{
            guard.name.replace(".", "__"): _unless(guard, lambda shown: not shown.well_formed)
            for guard in (
                client.assertion_type,
                client.assertion_signature,
                client.assertion_issuer,
                client.assertion_audience,
                client.assertion_expiry,
                client.assertion_replay,
            )
        },
    ),
    subtle(
        "client.assertion_issuer_unread",
        "RFC7523-3-iss_sub_client_id",
        "the issuer of an assertion is not compared with client_id",
        client__assertion_issuer=_issuer_unread,
    ),
    subtle(
        "client.assertion_audience_optional",
        "RFC7523-3-aud_required",
        "an assertion without aud passes",
        client__assertion_audience=_unless(
            client.assertion_audience, lambda shown: "aud" not in shown.claims
        ),
    ),
    subtle(
        "client.assertion_audience_in_a_list",
        "FAPI2SP-5.3.2.1-assertion_aud_issuer",
        "the issuer is taken in a list as well, where it has to be a text",
        client__assertion_audience=_unless(
            client.assertion_audience, lambda shown: isinstance(shown.claims.get("aud"), list)
        ),
    ),
    subtle(
        "client.assertion_expiry_optional",
        R_EXPIRY,
        "an assertion without exp passes",
        client__assertion_expiry=_unless(
            client.assertion_expiry, lambda shown: "exp" not in shown.claims
        ),
    ),
    subtle(
        "client.assertion_expiry_unread",
        R_EXPIRY,
        "an exp that is a text is passed over",
        client__assertion_expiry=_unless(
            client.assertion_expiry, lambda shown: isinstance(shown.claims.get("exp"), str)
        ),
    ),
    subtle(
        "client.assertion_half_an_hour_late",
        R_EXPIRY,
        "an assertion is taken for half an hour after its expiry",
        client__assertion_expiry=expired_for(HALF_AN_HOUR),
    ),
)
