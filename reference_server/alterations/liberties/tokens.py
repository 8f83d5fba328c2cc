"""What tokens look like and say: RFC 6749 §1.4, RFC 9068, OpenID Connect Core §2."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tokenspec.reference_server.alterations.building import having, lacking, making
from tokenspec.reference_server.alterations.liberties.model import Liberty, configured, telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.config import ServerConfig
from tokenspec.reference_server.endpoints.issuing import IdToken
from tokenspec.reference_server.endpoints.managing import Managed
from tokenspec.reference_server.endpoints.token import Issue
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.keys import base64url
from tokenspec.reference_server.policies import setting

OPAQUE = "RFC 6749 §1.4"
ANY_FORM = "Access tokens can have different formats, structures and ways to be used."


def _many_parts(value: str, kind: str) -> str:
    """Five parts, as an encrypted JWT has them (RFC 7516 §3.1)."""
    header = base64url(b'{"alg":"dir","enc":"A256GCM"}')
    opaque = kind == "access" and "." not in value
    return f"{header}..{value[:16]}.{value}.{value[16:38]}" if opaque else value


def _long(value: str, kind: str) -> str:
    return value + "A" * 2048 if kind == "access" and "." not in value else value


def _prefixed(value: str, kind: str) -> str:
    return value if "." in value else f"{kind[0]}t_{value}"


def _uuid(value: str, _about: object) -> str:
    digits = hashlib.sha256(value.encode()).hexdigest()
    return (
        f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}.{digits[32:]}"
    )


def _as_list(claims: dict[str, Any], _about: IdToken) -> dict[str, Any]:
    return claims | {"aud": [claims["aud"]]}


def _prefixed_subjects(config: ServerConfig) -> ServerConfig:
    users = (replace(user, sub=f"local|{user.sub}-{'x' * 190}") for user in config.users)
    return replace(config, users=tuple(users))


def _pairwise(sub: str, client_id: str) -> str:
    return hashlib.sha256(f"{client_id} {sub}".encode()).hexdigest()


def _sub_for(client_id: str, told: dict[str, Any]) -> dict[str, Any]:
    return told | ({"sub": _pairwise(told["sub"], client_id)} if "sub" in told else {})


def _known_subjects(asked: set[str], request: Authorization) -> set[str]:
    """Pairwise identifiers that were asked for, as the server knows their users."""
    own = {_pairwise(u.sub, request.get("client_id")): u.sub for u in request.core.config.users}
    return {own.get(sub, sub) for sub in asked}


def _of_shown(told: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
    token = exchange.shown_token
    return _sub_for(token.grant.client_id, told) if token else told


def _introspected(told: dict[str, Any], about: Managed) -> dict[str, Any]:
    return _sub_for(about.token.grant.client_id, told) if about.token else told


def _for_userinfo(issue: Issue, exchange: Exchange) -> Issue:
    """A token without an API is for userinfo, and a JWT like the others."""
    if issue.grant.audience:
        return issue
    return replace(issue, grant=replace(issue.grant, audience=exchange.core.endpoint("userinfo")))


def _without_user(claims: dict[str, Any], _about: IdToken) -> dict[str, Any]:
    kept = {"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "azp"}
    return {name: v for name, v in claims.items() if name in kept or "://" in name}


def _further_audience(_claims: Mapping[str, Any], about: IdToken) -> dict[str, Any]:
    client_id = about.grant.client_id
    return {"aud": [client_id, "https://api.server.example"], "azp": client_id}


def _punctuated(value: str, _about: object) -> str:
    """The characters that a query has to have escaped."""
    return f"{value[:30]} &=+/%#?~" + value[30:]


LIBERTIES = (
    telling(
        "access_token.encrypted",
        OPAQUE,
        ANY_FORM,
        "an access token has five parts, as an encrypted JWT has",
        group="form",
        token_value=_many_parts,
    ),
    telling(
        "access_token.long",
        OPAQUE,
        ANY_FORM,
        "an access token has more than two thousand characters",
        group="form",
        token_value=_long,
    ),
    telling(
        "access_token.prefixed",
        OPAQUE,
        ANY_FORM,
        "tokens say what they are in their first characters",
        group="form",
        token_value=_prefixed,
    ),
    telling(
        "access_token.more_claims",
        "RFC 9068 §2.2",
        "A JWT access token may hold further claims.",
        "a JWT access token has claims of the server's own",
        access_token=having(roles=["reader"], sid="4f1c", ver="1.0", nbf=0),
    ),
    telling(
        "access_token.media_type_whole",
        "RFC 9068 §2.1",
        "The prefix application/ is better left out, and may stand.",
        "typ of a JWT access token is application/at+jwt",
        access_token_header=having(typ="application/at+jwt"),
    ),
    telling(
        "code.structured",
        "RFC 6749 §A.11",
        "A code is any text of printable ASCII.",
        "a code has parts, like a UUID with more behind it",
        group="code",
        code_value=_uuid,
    ),
    telling(
        "code.long",
        "RFC 6749 §4.1.2",
        "The size of a code is left undefined.",
        "a code has six hundred characters",
        group="code",
        code_value=lambda value, _request: value + "A" * 557,
    ),
    telling(
        "id_token.more_claims",
        "OpenID Connect Core §2",
        "An ID token may hold further claims; whoever does not know one ignores it.",
        "an ID token has claims of the server's own",
        id_token=having(sid="4f1c", acr="1", amr=["pwd"], jti="9b7e"),
    ),
    telling(
        "id_token.azp",
        "OpenID Connect Core §2",
        "azp may be there, and then is the client.",
        "an ID token names the client as azp too",
        id_token=making(lambda claims, _about: {"azp": claims["aud"]}),
    ),
    telling(
        "id_token.audience_list",
        "OpenID Connect Core §2",
        "The audience is an array, or in the special case of one a text.",
        "aud of an ID token is an array of one",
        id_token=_as_list,
    ),
    telling(
        "id_token.no_at_hash",
        "OpenID Connect Core §3.1.3.6",
        "at_hash is optional in the code flow.",
        "an ID token has no at_hash",
        id_token=lacking("at_hash"),
    ),
    telling(
        "id_token.no_typ",
        "RFC 7519 §5.1",
        "typ is optional.",
        "the header of an ID token has no typ",
        id_token_header=having(typ=None),
    ),
    telling(
        "id_token.more_header",
        "RFC 7515 §4.1",
        "Further header parameters may stand; whoever does not know one ignores it.",
        "the header of an ID token names a certificate",
        id_token_header=having(x5t="4f1c4f1c4f1c4f1c4f1c4f1c4f1"),
    ),
    telling(
        "id_token.short_lived",
        "OpenID Connect Core §2",
        "How long an ID token is good for is for the server to say.",
        "an ID token is good for five minutes",
        id_token=making(lambda claims, _about: {"exp": claims["iat"] + 300}),
    ),
    telling(
        "id_token.long_lived",
        "OpenID Connect Core §2",
        "How long an ID token is good for is for the server to say.",
        "an ID token is good for ten hours",
        id_token=making(lambda claims, _about: {"exp": claims["iat"] + 36_000}),
    ),
    telling(
        "id_token.no_kid_for_one_key",
        "OpenID Connect Core §10.1",
        "A kid is a must only where the key set has several keys.",
        "the header of an ID token has no kid, as there is one key",
        group="keys",
        id_token_header=having(kid=None),
    ),
    telling(
        "id_token.times_with_a_fraction",
        "RFC 7519 §2",
        "A NumericDate may be no integer.",
        "the times of an ID token have a fraction",
        id_token=making(lambda claims, _about: {"exp": claims["exp"] + 0.5}),
    ),
    telling(
        "access_token.times_with_a_fraction",
        "RFC 7519 §2",
        "A NumericDate may be no integer.",
        "the times of a JWT access token have a fraction",
        access_token=making(lambda claims, _about: {"exp": claims["exp"] + 0.5}),
    ),
    telling(
        "access_token.audience_list",
        "RFC 7519 §4.1.3",
        "The audience is an array, or in the special case of one a text.",
        "aud of a JWT access token is an array of one",
        access_token=making(lambda claims, _about: {"aud": [claims["aud"]]}),
    ),
    configured(
        "sub.with_a_prefix",
        "OpenID Connect Core §2",
        "A sub is a text of up to 255 ASCII characters.",
        "sub has a prefix and two hundred characters",
        _prefixed_subjects,
    ),
    Liberty(
        "sub.pairwise",
        "OpenID Connect Core §8.1",
        "A server may give each client another identifier of the same user.",
        Alteration(
            "sub.pairwise",
            "OpenID Connect Core §8.1",
            "each client is told another sub of the same user",
            tells={
                "id_token": lambda claims, about: _sub_for(about.grant.client_id, claims),
                "access_token": lambda claims, about: _sub_for(about.grant.client_id, claims),
                "userinfo": _of_shown,
                "introspection": _introspected,
                "subjects": _known_subjects,
                "metadata": having(subject_types_supported=["pairwise"]),
            },
        ),
    ),
    telling(
        "access_token.jwt_for_userinfo",
        "RFC 9068 §3",
        "Without a resource a token is for a default one.",
        "an access token for userinfo is a JWT too",
        issue=_for_userinfo,
    ),
    telling(
        "access_token.twenty_bytes",
        OPAQUE,
        ANY_FORM,
        "tokens have 27 characters, which hold 160 random bits",
        group="form",
        token_value=lambda value, _kind: value if "." in value else value[:27],
    ),
    telling(
        "access_token.all_characters",
        "RFC 6750 §2.1",
        "A bearer token is made of letters, digits, some signs, and equals signs at its end.",
        "an access token holds each sign that it may",
        group="form",
        token_value=lambda value, _kind: value if "." in value else f"{value}.-_~+/==",
    ),
    telling(
        "code.twenty_bytes",
        "RFC 6749 §10.10",
        "The chance to guess a code should be at most one in two to the 160.",
        "a code has 27 characters, which hold 160 random bits",
        group="code",
        code_value=lambda value, _request: value[:27],
    ),
    telling(
        "code.all_characters",
        "RFC 6749 §A.11",
        "A code is any text of printable ASCII.",
        "a code holds signs that an address has to escape",
        group="code",
        code_value=_punctuated,
    ),
    telling(
        "id_token.claims_left_to_userinfo",
        "OpenID Connect Core §5.4",
        "Claims asked for by scope are returned from userinfo where there is an access token.",
        "an ID token tells nothing of the user but sub",
        id_token=_without_user,
    ),
    telling(
        "id_token.further_audience",
        "OpenID Connect Core §2",
        "aud contains the client, and may contain other audiences.",
        "aud of an ID token names an API beside the client",
        group="audience of ID tokens",
        id_token=making(_further_audience),
    ),
    Liberty(
        "id_token.by_another_algorithm",
        "OpenID Connect Core §2",
        "ID tokens are signed with RS256 unless another algorithm was registered for the client.",
        Alteration(
            "id_token.by_another_algorithm",
            "OpenID Connect Core §2",
            "ID tokens and JWT access tokens are signed with PS256; RS256 is offered as well",
            tells={"metadata": having(id_token_signing_alg_values_supported=["PS256", "RS256"])},
            configures=setting(id_token_algorithm="PS256"),
        ),
    ),
    telling(
        "id_token.not_before_past",
        "RFC 7519 §4.1.5",
        "nbf may be there, and a leeway allows for clocks that do not agree.",
        "an ID token is good from five minutes before it was issued",
        id_token=making(lambda claims, _about: {"nbf": claims["iat"] - 300}),
    ),
)
