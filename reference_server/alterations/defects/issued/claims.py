"""ID tokens and JWT access tokens that lack a claim or have it wrong: each rule left out alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import jwt

from tokenspec.reference_server.alterations.building import having, lacking, left_out, making
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.alterations.shared import bare_claims
from tokenspec.reference_server.endpoints.claims import Told, namespaced
from tokenspec.reference_server.endpoints.issuing import IdToken
from tokenspec.reference_server.keys import base64url
from tokenspec.reference_server.seams import Alter

Claims = dict[str, Any]
DAY, HOUR = 24 * 3600, 3600  # seconds
JWT_CLAIMS = ("iss", "sub", "aud", "exp", "iat", "jti", "client_id")


def _refreshed(make: Callable[[Claims, IdToken], Claims]) -> Alter:
    """Wrong claims, only in the ID token of a refresh."""
    return lambda claims, about: claims | (make(claims, about) if about.refreshed else {})


def _other_half(_claims: object, about: IdToken) -> Claims:
    digest = hashlib.sha256(about.access_token.encode()).digest()[::-1]
    return {"at_hash": base64url(digest[: len(digest) // 2])}


def _broken(signed: str, _about: IdToken) -> str:
    head, _, signature = signed.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def _unsigned(_signed: str, about: IdToken) -> str:
    return jwt.encode(dict(about.claims), "", "none")


def _no_custom_claims(told: Claims, _about: Told) -> Claims:
    return {name: value for name, value in told.items() if not namespaced(name)}


DEFECTS: tuple[Alteration, ...] = (
    left_out(
        "id_token.signature",
        "OIDCC-2-signed",
        "the signature fits the key set",
        id_token_signed=_broken,
    ),
    left_out(
        "id_token.alg_not_none",
        "OIDCC-2-alg_none",
        "alg is not none",
        id_token_signed=_unsigned,
    ),
    left_out(
        "id_token.issuer",
        "OIDCC-3.1.3.7-iss_exact",
        "iss is the issuer",
        id_token=making(lambda claims, _about: {"iss": f"{claims['iss']}/other"}),
    ),
    left_out(
        "id_token.audience",
        "OIDCC-2-aud",
        "aud is the client",
        id_token=having(aud="another-client"),
    ),
    left_out("id_token.subject", "OIDCC-2-sub", "sub is there", id_token=lacking("sub")),
    left_out(
        "id_token.expiry",
        "OIDCC-2-exp",
        "exp is in the future",
        id_token=making(lambda claims, _about: {"exp": claims["exp"] - 2 * HOUR}),
    ),
    left_out(
        "id_token.issued_at",
        "OIDCC-2-iat",
        "iat is now",
        id_token=making(lambda claims, _about: {"iat": claims["iat"] - DAY}),
    ),
    left_out(
        "id_token.nonce",
        "OIDCC-2-nonce",
        "nonce is that of the request",
        id_token=lacking("nonce"),
    ),
    left_out(
        "id_token.at_hash",
        "OIDCC-3.1.3.6-at_hash_value",
        "at_hash fits the access token",
        id_token=making(_other_half),
    ),
    left_out(
        "id_token.auth_time",
        "OIDCC-2-auth_time_when_max_age",
        "auth_time is the time of the login",
        id_token=lacking("auth_time"),
    ),
    left_out(
        "id_token.claims_namespaced",
        "AUTH0-Remarks-namespaced_custom_claims",
        "a custom claim without a namespace is left out",
        user_claims=bare_claims,
    ),
    left_out(
        "id_token.custom_claims",
        "AUTH0-Remarks-namespaced_custom_claims",
        "a namespaced custom claim is put in",
        user_claims=_no_custom_claims,
    ),
    left_out(
        "id_token.same_subject",
        "OIDCC-12.2-sub_same",
        "a refresh keeps the subject",
        id_token=_refreshed(lambda _claims, _about: {"sub": "somebody-else"}),
    ),
    left_out(
        "id_token.same_issuer",
        "OIDCC-12.2-iss_same",
        "a refresh keeps the issuer",
        id_token=_refreshed(lambda claims, _about: {"iss": f"{claims['iss']}/other"}),
    ),
    left_out(
        "id_token.same_audience",
        "OIDCC-12.2-aud_same",
        "a refresh keeps the audience",
        id_token=_refreshed(lambda _claims, _about: {"aud": "another-client"}),
    ),
    left_out(
        "id_token.dated_anew",
        "OIDCC-12.2-iat_new",
        "a refresh sets iat anew",
        id_token=_refreshed(lambda _claims, about: {"iat": about.grant.auth_time - DAY}),
    ),
    left_out(
        "id_token.first_login",
        "OIDCC-12.2-auth_time_original",
        "a refresh keeps the time of the login",
        id_token=_refreshed(lambda claims, _about: {"auth_time": claims["iat"] + 1}),
    ),
    left_out(
        "id_token.no_other_nonce",
        "OIDCC-12.2-nonce_same_if_present",
        "a refresh brings no nonce of its own",
        id_token=_refreshed(lambda _claims, _about: {"nonce": "of-the-server"}),
    ),
    left_out(
        "access_token.cnf",
        "RFC9449-6.1-jkt",
        "a bound JWT names its key",
        access_token=lacking("cnf"),
    ),
    left_out(
        "access_token.typ",
        "RFC9068-2.1-typ_at_jwt",
        "a JWT access token says at+jwt",
        access_token_header=having(typ="JWT"),
    ),
    left_out(
        "access_token.scope",
        "RFC9068-2.2.3-scope_claim",
        "it has the scope that was granted",
        access_token=lacking("scope"),
    ),
    *(
        left_out(
            f"access_token.{name}",
            f"RFC9068-2.2-claim_{name}",
            f"it has the claim {name}",
            access_token=lacking(name),
        )
        for name in JWT_CLAIMS
    ),
)
