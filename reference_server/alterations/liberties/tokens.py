"""What tokens look like and say: RFC 6749 §1.4, RFC 9068, OpenID Connect Core §2."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from tokenspec.reference_server.alterations.building import having, lacking, making
from tokenspec.reference_server.alterations.liberties.model import configured, telling
from tokenspec.reference_server.config import ServerConfig
from tokenspec.reference_server.endpoints.issuing import IdToken
from tokenspec.reference_server.keys import base64url

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
)
