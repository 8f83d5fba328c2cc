"""Claims that have a value or a type they cannot have: OpenID Connect Core §2, §3.1.3.6, §5.1."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from tokenspec.reference_server.alterations.building import having, lacking, making, telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.endpoints.claims import STANDARD, Told
from tokenspec.reference_server.endpoints.issuing import IdToken
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.keys import base64url

Claims = dict[str, Any]
MILLISECONDS, HOUR, CENTURY = 1000, 3600, 100 * 365 * 24 * 3600  # the last two in seconds
R_TYPES, R_HASH = "OIDCC-5.1-claim_types", "OIDCC-3.1.3.6-at_hash_value"
R_LOGIN, R_ISSUER = "OIDCC-2-auth_time_when_max_age", "OIDCC-3.1.3.7-iss_exact"


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _half(text: str) -> bytes:
    return _digest(text)[:16]


def _claim(
    name: str, requirement: str, summary: str, make: Callable[[Mapping[str, Any], IdToken], Claims]
) -> Alteration:
    """Claims of an ID token, made by `make(right claims, what it is issued for)`."""
    return telling(f"id_token.{name}", requirement, summary, id_token=making(make))


def _at_hash_of_first(_claims: Mapping[str, Any], about: IdToken) -> Claims:
    if not about.refreshed:
        return {}
    family = about.grant.family
    first = next(
        t.value
        for t in about.core.store.tokens()
        if t.grant.family == family and t.kind == "access"
    )
    return {"at_hash": base64url(_half(first))}


def _all_claims(told: Claims, about: Told) -> Claims:
    return told | {name: value for name, value in about.known.items() if name in STANDARD}


def _nonce(told: Claims, exchange: Exchange) -> Claims:
    token = exchange.shown_token
    return told | ({"nonce": token.grant.nonce} if token and token.grant.nonce else {})


DEFECTS: tuple[Alteration, ...] = (
    _claim(
        "exp_milliseconds",
        "OIDCC-2-exp",
        "exp counts milliseconds",
        lambda c, _a: {"exp": c["exp"] * MILLISECONDS},
    ),
    _claim(
        "exp_in_a_century",
        "OIDCC-2-exp",
        "exp is a hundred years ahead",
        lambda c, _a: {"exp": c["exp"] + CENTURY},
    ),
    _claim(
        "exp_a_lifetime",
        "OIDCC-2-exp",
        "exp is how long the token lives, not until when",
        lambda _c, _a: {"exp": HOUR},
    ),
    telling("id_token.no_exp", "OIDCC-2-exp", "exp is missing", id_token=lacking("exp")),
    telling("id_token.no_iat", "OIDCC-2-iat", "iat is missing", id_token=lacking("iat")),
    telling("id_token.no_aud", "OIDCC-2-aud", "aud is missing", id_token=lacking("aud")),
    telling("id_token.no_iss", R_ISSUER, "iss is missing", id_token=lacking("iss")),
    _claim("iat_text", "OIDCC-2-iat", "iat is a text", lambda c, _a: {"iat": str(c["iat"])}),
    _claim(
        "iat_ahead", "OIDCC-2-iat", "iat is an hour ahead", lambda c, _a: {"iat": c["iat"] + HOUR}
    ),
    telling("id_token.sub_empty", "OIDCC-2-sub", "sub is empty", id_token=having(sub="")),
    telling("id_token.sub_number", "OIDCC-2-sub", "sub is a number", id_token=having(sub=7)),
    _claim(
        "iss_slash",
        R_ISSUER,
        "iss has a slash more than the issuer",
        lambda c, _a: {"iss": c["iss"] + "/"},
    ),
    _claim(
        "iss_in_capitals",
        R_ISSUER,
        "iss is the issuer in other letters",
        lambda c, _a: {"iss": c["iss"].upper()},
    ),
    _claim(
        "auth_time_milliseconds",
        R_LOGIN,
        "auth_time counts milliseconds",
        lambda c, _a: {"auth_time": c["auth_time"] * MILLISECONDS},
    ),
    _claim(
        "auth_time_ahead",
        R_LOGIN,
        "auth_time is an hour ahead",
        lambda c, _a: {"auth_time": c["auth_time"] + HOUR},
    ),
    _claim(
        "auth_time_moves",
        R_LOGIN,
        "auth_time is when the code was redeemed",
        lambda c, _a: {"auth_time": c["iat"]},
    ),
    _claim(
        "at_hash_padded",
        R_HASH,
        "at_hash has padding",
        lambda c, _a: {"at_hash": c["at_hash"] + "=="},
    ),
    _claim(
        "at_hash_in_hexadecimal",
        R_HASH,
        "at_hash is in hexadecimal",
        lambda _c, a: {"at_hash": _half(a.access_token).hex()},
    ),
    _claim(
        "at_hash_of_text",
        R_HASH,
        "at_hash is made of the hash written in hexadecimal",
        lambda _c, a: {"at_hash": base64url(_digest(a.access_token).hex()[:32].encode())},
    ),
    _claim(
        "at_hash_of_nonce",
        R_HASH,
        "at_hash is made of the nonce",
        lambda _c, a: {"at_hash": base64url(_half(a.grant.nonce))},
    ),
    _claim(
        "at_hash_of_first",
        R_HASH,
        "a refresh repeats the at_hash of the first access token",
        _at_hash_of_first,
    ),
    telling(
        "id_token.updated_at_milliseconds",
        R_TYPES,
        "updated_at counts milliseconds",
        id_token=having(updated_at=1_790_000_000_000),
    ),
    telling(
        "id_token.birthdate_in_words",
        R_TYPES,
        "birthdate is written as people write it",
        id_token=having(birthdate="May 4, 1852"),
    ),
    telling(
        "id_token.address_text",
        R_TYPES,
        "the address is a text",
        id_token=having(address="1 Client Street"),
    ),
    telling(
        "id_token.amr_of_numbers",
        "OIDCC-2-amr_array",
        "amr is an array of numbers",
        id_token=having(amr=[1]),
    ),
    telling(
        "userinfo.updated_at_milliseconds",
        R_TYPES,
        "userinfo counts updated_at in milliseconds",
        userinfo=having(updated_at=1_790_000_000_000),
    ),
    telling(
        "userinfo.email_verified_text",
        R_TYPES,
        "userinfo tells email_verified as a text",
        userinfo=having(email_verified="true"),
    ),
    telling(
        "userinfo.phone_number",
        R_TYPES,
        "userinfo tells phone_number as a number",
        userinfo=having(phone_number=41441234567),
    ),
    telling(
        "userinfo.unasked",
        "OIDCC-5.4-scope_claims",
        "everything that is known of a user is told, whatever the scope",
        user_claims=_all_claims,
    ),
    telling(
        "id_token.unasked",
        "OIDCC-5.4-scope_claims",
        "an ID token tells the address of mail, whatever the scope",
        id_token=having(email="alice@client.example"),
    ),
    telling(
        "userinfo.nonce",
        "OIDCC-5.4-scope_claims",
        "userinfo repeats the nonce",
        userinfo=_nonce,
    ),
)
