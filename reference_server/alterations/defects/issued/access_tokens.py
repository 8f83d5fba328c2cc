"""JWT access tokens that say the wrong thing, and forged ones that are believed: RFC 9068."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import jwt

from tokenspec.reference_server.alterations.building import having, making, subtle, telling
from tokenspec.reference_server.alterations.lookups import token_of
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.endpoints.issuing import Issued
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards.resource import token_active
from tokenspec.reference_server.jwts import UnverifiedJwt


def _unverified(exchange: Exchange) -> None:
    """The token of the same jti, whoever wrote the rest."""
    shown = UnverifiedJwt.read(exchange.access_token).claims.get("jti")
    found = token_of(exchange.core.store, lambda value: _jti(value) == shown) if shown else None
    if found and found.expires_at > exchange.now:
        exchange.access_token = found.value
    token_active.check(exchange)


def _jti(value: str) -> object:
    return UnverifiedJwt.read(value).claims.get("jti")


def _jwt_without_audience(_body: Mapping[str, Any], about: Issued) -> dict[str, Any]:
    if about.grant.audience:
        return {}
    claims = {"iss": about.core.config.issuer, "sub": about.grant.sub}
    return {"access_token": about.core.key.sign(claims, {"typ": "at+jwt"})}


def _unsigned(body: Mapping[str, Any], _about: Issued) -> dict[str, Any]:
    claims = UnverifiedJwt.read(str(body["access_token"])).claims
    if not claims:
        return {}
    return {"access_token": jwt.encode(claims, "", "none", headers={"typ": "at+jwt"})}


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "resource.jwt_unverified",
        "RFC9068-4-rs_checks_issuer_aud_sig_exp",
        "the signature of an access token is not looked at",
        resource__token_active=_unverified,
    ),
    telling(
        "access_token.unsigned",
        "RFC9068-2.1-alg_none",
        "a JWT access token is not signed",
        token_response=making(_unsigned),
    ),
    telling(
        "access_token.other_key",
        "RFC9068-2.1-signed",
        "a JWT access token names a key that is not published",
        access_token_header=having(kid="another"),
    ),
    telling(
        "access_token.scope_list",
        "RFC9068-2.2.3-scope_claim",
        "the scope of a JWT access token is an array",
        access_token=making(lambda c, _a: {"scope": c.get("scope", "").split()}),
    ),
    telling(
        "access_token.aud_issuer",
        "RFC9068-3-aud_from_resource",
        "the audience of every JWT access token is the issuer",
        access_token=making(lambda c, _a: {"aud": c["iss"]}),
    ),
    telling(
        "access_token.one_aud",
        "RFC9068-5-distinct_aud",
        "all APIs share an audience",
        access_token=having(aud="https://api.example/"),
    ),
    telling(
        "access_token.no_default_aud",
        "RFC9068-3-default_resource",
        "a JWT access token for no API has no audience",
        token_response=making(_jwt_without_audience),
    ),
    telling(
        "access_token.login_of_refresh",
        "RFC9068-2.2.1-auth_claims_fixed",
        "a refresh counts as a login",
        access_token=making(lambda c, _a: {"auth_time": c["iat"]}),
    ),
    telling(
        "access_token.jti_of_user",
        "RFC7519-4.1.7-jti_collision_free",
        "every JWT access token of a user has the same jti",
        access_token=making(lambda c, _a: {"jti": f"for {c['sub']}"}),
    ),
    telling(
        "resource.forged_not_named",
        "RFC9068-4-error_invalid_token",
        "an unfit access token is called insufficient_scope",
        challenge=lambda values, _about: tuple(
            value.replace("invalid_token", "insufficient_scope") for value in values
        ),
    ),
    telling(
        "token.room_for_128_bits",
        "RFC6749-10.10-guess_probability",
        "a token has room for 96 random bits",
        token_value=lambda value, _kind: value[:16],
    ),
    telling(
        "token.uuid",
        "RFC6749-10.10-guess_probability",
        "a token is a UUID, of which 122 bits are random",
        token_value=lambda value, _kind: str(
            UUID(bytes=hashlib.sha256(value.encode()).digest()[:16], version=4)
        ),
    ),
    telling(
        "token.room_for_160_bits",
        "RFC6749-10.10-guess_probability_recommended",
        "a token has room for 144 random bits",
        token_value=lambda value, _kind: value[:24],
    ),
)
