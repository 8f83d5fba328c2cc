"""ID tokens that say the wrong thing: OpenID Connect Core §2, §3.1.3, §10, §12.2."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import jwt

from tokenspec.reference_server.alterations.building import having, making, telling
from tokenspec.reference_server.alterations.liberties.sessions import Sessions
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.endpoints.issuing import IdToken, Issued
from tokenspec.reference_server.keys import base64url
from tokenspec.reference_server.seams import Alter
from tokenspec.reference_server.store import SignIn

Claims = dict[str, Any]
YEAR = 365 * 24 * 3600  # seconds


def _refreshed(make: Callable[[Mapping[str, Any], IdToken], Claims]) -> Alter:
    """The same, only in the ID token of a refresh."""
    return lambda content, about: content | (make(content, about) if about.refreshed else {})


def _sub_of_login(claims: Mapping[str, Any], about: IdToken) -> Claims:
    digest = hashlib.sha256(f"{claims['sub']} {about.grant.family}".encode())
    return {"sub": digest.hexdigest()}


def _nonce_cut(claims: Mapping[str, Any], _about: IdToken) -> Claims:
    return {"nonce": claims["nonce"][:64]} if "nonce" in claims else {}


def _nonce_cleaned(claims: Mapping[str, Any], _about: IdToken) -> Claims:
    kept = "".join(c for c in claims.get("nonce", "") if c.isalnum() or c in "-._~")
    return {"nonce": kept} if "nonce" in claims else {}


def _nonce_always(claims: Mapping[str, Any], about: IdToken) -> Claims:
    return {"nonce": claims.get("nonce", about.core.random_text())}


def _last_login(_claims: Mapping[str, Any], about: IdToken) -> Claims:
    user = about.core.config.subject(about.grant.sub)
    store: Any = about.core.store
    first = SignIn("", user.username if user else "", about.grant.auth_time)
    return {"auth_time": store.newest(first).auth_time}


def _shared_key(make: Callable[[IdToken], str | None]) -> Alter:
    """The ID token signed with a shared key; as it was where `make` gives none."""

    def alter(signed: str, about: IdToken) -> str:
        key = make(about)
        return signed if key is None else jwt.encode(dict(about.claims), key, "HS256")

    return alter


def _kid_a_number(signed: str, about: IdToken) -> str:
    """Signed by hand, as no library writes such a header."""
    key = about.core.key
    header = base64url(json.dumps({"alg": key.algorithm, "typ": "JWT", "kid": 7}).encode())
    content = f"{header}.{signed.split('.')[1]}"
    algorithm = jwt.algorithms.get_default_algorithms()[key.algorithm]
    return f"{content}.{base64url(algorithm.sign(content.encode(), key.private_key))}"


def _secret(about: IdToken) -> str:
    client = about.core.config.client(about.grant.client_id)
    return client.secret if client else ""


def _for_public(about: IdToken) -> str | None:
    return None if _secret(about) else about.grant.client_id * 4


def _for_confidential(about: IdToken) -> str | None:
    return "a key of the server's own, which no client knows" if _secret(about) else None


def _refresh_token(body: Mapping[str, Any], about: Issued) -> Claims:
    return {"refresh_token": body.get("refresh_token", about.core.random_text())}


DEFECTS: tuple[Alteration, ...] = (
    telling(
        "id_token.typ_in_small_letters",
        "RFC7519-5.1-typ_jwt_uppercase",
        "typ is spelt jwt",
        id_token_header=having(typ="jwt"),
    ),
    telling(
        "id_token.cty",
        "RFC7519-5.2-cty_not_for_plain",
        "the header says cty though no other JWT is inside",
        id_token_header=having(cty="JWT"),
    ),
    telling(
        "jwks.use_disagrees",
        "RFC7517-4.3-use_key_ops_consistent",
        "a key for signatures names operations of encryption",
        jwks=making(
            lambda content, _about: {
                "keys": [key | {"key_ops": ["encrypt"]} for key in content["keys"]]
            }
        ),
    ),
    telling(
        "id_token.sub_long",
        "OIDCC-2-sub_length",
        "sub has more than 255 characters",
        id_token=making(lambda c, _a: {"sub": c["sub"] * 64}),
    ),
    telling(
        "id_token.issuer_with_query",
        "OIDCC-2-iss",
        "iss has a query",
        id_token=making(lambda c, _a: {"iss": c["iss"] + "?tenant=1"}),
    ),
    telling(
        "id_token.aud_client_and_api",
        "OIDCC-3.1.3.7-aud_contains_client",
        "another audience stands beside the client",
        id_token=making(lambda c, _a: {"aud": [c["aud"], "https://api.example/other"]}),
    ),
    telling(
        "id_token.azp_other",
        "OIDCC-2-azp",
        "azp is another client",
        id_token=having(azp="another-client"),
    ),
    telling("id_token.acr_number", "OIDCC-2-acr_string", "acr is a number", id_token=having(acr=1)),
    telling("id_token.amr_text", "OIDCC-2-amr_array", "amr is a text", id_token=having(amr="pwd")),
    telling(
        "id_token.exp_text",
        "OIDCC-2-exp",
        "exp is a text of digits",
        id_token=making(lambda c, _a: {"exp": str(c["exp"])}),
    ),
    telling(
        "id_token.iat_milliseconds",
        "OIDCC-2-iat",
        "iat counts milliseconds",
        id_token=making(lambda c, _a: {"iat": c["iat"] * 1000}),
    ),
    telling(
        "id_token.email_verified_text",
        "OIDCC-5.1-claim_types",
        "email_verified is a text",
        id_token=having(email_verified="true"),
    ),
    telling(
        "id_token.updated_at_text",
        "OIDCC-5.1-claim_types",
        "updated_at is a text",
        id_token=having(updated_at="2026-09-01T00:00:00Z"),
    ),
    telling(
        "id_token.subject_of_login",
        "OIDCC-5.7-iss_sub_stable",
        "each login of a user has another sub",
        id_token=making(_sub_of_login),
    ),
    telling(
        "id_token.nonce_cut",
        "OIDCC-2-nonce",
        "a nonce is cut after 64 characters",
        id_token=making(_nonce_cut),
    ),
    telling(
        "id_token.nonce_cleaned",
        "OIDCC-2-nonce",
        "a nonce loses its odd characters",
        id_token=making(_nonce_cleaned),
    ),
    telling(
        "id_token.nonce_made_up",
        "OIDCC-3.1.2.1-nonce_optional",
        "where no nonce was sent the server makes one",
        id_token=making(_nonce_always),
    ),
    telling(
        "id_token.auth_time_old",
        "OIDCC-3.1.3.7-auth_time_checked",
        "auth_time is the time the account was made",
        id_token=making(lambda c, _a: {"auth_time": c["iat"] - YEAR}),
    ),
    telling(
        "id_token.auth_time_text",
        "OIDCC-2-auth_time_when_max_age",
        "auth_time is a text of digits",
        id_token=making(lambda c, _a: {"auth_time": str(c["auth_time"])}),
    ),
    telling(
        "id_token.at_hash_whole",
        "OIDCC-3.1.3.6-at_hash_value",
        "at_hash is the whole hash, not its left half",
        id_token=making(lambda c, _a: {"at_hash": c["at_hash"] * 2}),
    ),
    telling(
        "id_token.no_kid",
        "OIDCC-10.1-kid_when_several",
        "the header has no kid though several keys are published",
        id_token_header=having(kid=None),
        jwks=lambda c, _a: {"keys": [*c["keys"], *(k | {"kid": "another"} for k in c["keys"])]},
    ),
    telling(
        "id_token.kid_a_number",
        "RFC7515-4.1.4-kid_string",
        "kid in the header is a number",
        id_token_signed=_kid_a_number,
    ),
    telling(
        "id_token.key_for_encryption",
        "OIDCC-10.1-key_supports_signing",
        "the key that signs is published for encryption",
        jwks=lambda c, _a: {"keys": [k | {"use": "enc"} for k in c["keys"]]},
    ),
    telling(
        "id_token.key_of_other_alg",
        "OIDCC-10.1-key_supports_signing",
        "the key that signs is published for another algorithm",
        jwks=lambda c, _a: {"keys": [k | {"alg": "PS256"} for k in c["keys"]]},
    ),
    telling(
        "id_token.jku",
        "OIDCC-2-no_key_headers",
        "the header says where the key is",
        id_token_header=having(jku="https://server.example/.well-known/jwks.json"),
    ),
    telling(
        "id_token.hmac_for_public",
        "OIDCC-10.1-no_symmetric_for_public",
        "a public client gets a shared-key signature",
        id_token_signed=_shared_key(_for_public),
    ),
    telling(
        "id_token.hmac_other_key",
        "OIDCC-3.1.3.7-hs_key_is_client_secret",
        "a shared-key signature is not keyed with the client_secret",
        id_token_signed=_shared_key(_for_confidential),
    ),
    telling(
        "id_token.hmac_short_secret",
        "OIDCC-16.19-hs256_secret_length",
        "a short client_secret keys a signature",
        id_token_signed=_shared_key(lambda a: _secret(a) or None),
    ),
    telling(
        "id_token.iat_copied",
        "OIDCC-12.2-iat_new",
        "the ID token of a refresh is dated like the login",
        id_token=_refreshed(lambda _c, a: {"iat": a.grant.auth_time}),
    ),
    Alteration(
        "id_token.last_login_anywhere",
        "OIDCC-12.2-auth_time_original",
        "a refresh tells of the user's last login, in whatever browser",
        tells={"id_token": _refreshed(_last_login)},
        store=Sessions,
    ),
    telling(
        "id_token.aud_all_on_refresh",
        "OIDCC-12.2-aud_same",
        "a refresh adds an audience",
        id_token=_refreshed(lambda c, _a: {"aud": [c["aud"], "https://api.example/other"]}),
    ),
    telling(
        "id_token.azp_on_refresh",
        "OIDCC-12.2-azp_same",
        "a refresh adds azp",
        id_token=_refreshed(lambda c, _a: {"azp": c["aud"]}),
    ),
    telling(
        "id_token.nonce_on_refresh",
        "OIDCC-12.2-nonce_absent",
        "a refresh repeats the nonce",
        id_token=_refreshed(lambda _c, a: {"nonce": a.grant.nonce}),
    ),
    telling(
        "id_token.none_on_refresh",
        "OIDCC-12.2-id_token_optional",
        "a refresh brings no ID token",
        token_response=lambda c, a: {
            n: v for n, v in c.items() if n != "id_token" or not a.refreshed
        },
    ),
    telling(
        "offline_access.told",
        "OIDCC-11-offline_not_granted",
        "the scope says offline_access though it was not granted",
        token_response=making(lambda c, _a: {"scope": f"{c.get('scope', '')} offline_access"}),
    ),
    telling(
        "offline_access.always",
        "OIDCC-11-offline_refresh_token",
        "a refresh token comes without offline_access",
        token_response=making(_refresh_token),
    ),
    telling(
        "response.null_member",
        "OIDCC-13.3-no_null",
        "a token response has a member that is null",
        token_response=having(error_description=None),
    ),
    telling(
        "response.scope_spaces",
        "OIDCC-14-single_space",
        "the words of the scope are parted by two spaces",
        token_response=making(lambda c, _a: {"scope": c.get("scope", "").replace(" ", "  ")}),
    ),
)
