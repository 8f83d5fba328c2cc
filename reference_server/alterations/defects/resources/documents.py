"""Metadata that is false, and key sets: RFC 8414, OpenID Connect Discovery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokenspec.reference_server.alterations.building import (
    having,
    lacking,
    left_out,
    making,
    telling,
)
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.keys import base64url, process_key
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.seams import Alter

JWT_ALGORITHMS = "token_endpoint_auth_signing_alg_values_supported"


def _metadata(name: str, requirement: str, summary: str, alter: Any) -> Alteration:
    return telling(f"metadata.{name}", requirement, summary, metadata=alter)


def _signed(claims: dict[str, Any]) -> dict[str, Any]:
    return {"signed_metadata": process_key().sign(claims, {"typ": "JWT"})}


def _other_token_endpoint(content: Mapping[str, Any], request: Request) -> dict[str, Any]:
    elsewhere = "oauth-authorization-server" in request.url
    return {"token_endpoint": content["token_endpoint"] + "/v1"} if elsewhere else {}


def _declared_as_page(answer: Response, _request: Request) -> Response:
    return Response(200, (("Content-Type", "text/html"),), answer.body)


def _adding(key: dict[str, str]) -> Alter:
    """One more key in the set."""
    return lambda content, _core: {"keys": [*content["keys"], key]}


SHORT_RSA = {"kty": "RSA", "kid": "short", "e": "AQAB", "n": base64url(b"\xff" * 128)}
SMALL_EC = {
    "kty": "EC",
    "kid": "small",
    "crv": "P-192",
    "x": base64url(b"\x01" * 24),
    "y": base64url(b"\x02" * 24),
}
LEFT_OUT: tuple[Alteration, ...] = (
    left_out(
        "metadata.issuer",
        "RFC8414-3.3-issuer_identical",
        "the metadata names its own issuer",
        metadata=having(issuer="https://other.example"),
    ),
    left_out(
        "metadata.json",
        "RFC8414-3.2-status_and_type",
        "the metadata is declared as JSON",
        metadata_answer=_declared_as_page,
    ),
    left_out(
        "metadata.endpoints",
        "RFC8414-2-token_endpoint",
        "endpoints are absolute https URLs",
        metadata=having(userinfo_endpoint="/userinfo"),
    ),
    left_out(
        "metadata.token_endpoint_fragment",
        "RFC6749-3.2-no_fragment",
        "the address of the token endpoint has no fragment",
        metadata=making(lambda c, _a: {"token_endpoint": f"{c['token_endpoint']}#token"}),
    ),
    left_out(
        "metadata.authorization_no_fragment",
        "RFC6749-3.1-no_fragment",
        "the address of the authorization endpoint has no fragment",
        metadata=making(
            lambda c, _a: {"authorization_endpoint": f"{c['authorization_endpoint']}#authorize"}
        ),
    ),
    left_out(
        "metadata.response_types",
        "RFC8414-2-response_types_supported",
        "code is listed",
        metadata=having(response_types_supported=["token"]),
    ),
    left_out(
        "metadata.pkce",
        "RFC9700-2.1.1-challenge_methods_published",
        "S256 is listed",
        metadata=lacking("code_challenge_methods_supported"),
    ),
    left_out(
        "metadata.iss_listed",
        "RFC9207-2.3-support_advertised",
        "it is said that answers name the issuer",
        metadata=lacking("authorization_response_iss_parameter_supported"),
    ),
    left_out(
        "metadata.id_token_alg",
        "OIDCC-3.1.3.7-alg_default_rs256",
        "the alg in use is listed",
        metadata=having(id_token_signing_alg_values_supported=["ES256"]),
    ),
    left_out(
        "jwks.keys",
        "RFC7517-5-keys_array",
        "the key set holds keys",
        jwks=having(keys=[]),
    ),
    left_out(
        "jwks.public_only",
        "OIDCD-3-jwks_no_private",
        "no private key is told",
        jwks=lambda c, _a: {"keys": [key | {"d": "AQAB"} for key in c["keys"]]},
    ),
    left_out(
        "jwks.kid_distinct",
        "FAPI2SP-5.4.2-distinct_kid",
        "no two keys have the same kid",
        jwks=lambda c, _a: {"keys": [*c["keys"], *c["keys"]]},
    ),
    left_out(
        "jwks.rsa_length",
        "FAPI2SP-5.4.1-rsa_2048",
        "RSA keys have 2048 bits",
        jwks=_adding(SHORT_RSA),
    ),
    left_out(
        "jwks.ec_length",
        "FAPI2SP-5.4.1-ec_224",
        "curves have 224 bits or more",
        jwks=_adding(SMALL_EC),
    ),
)
DEFECTS: tuple[Alteration, ...] = (
    *LEFT_OUT,
    _metadata(
        "issuer_with_query",
        "RFC8414-2-issuer",
        "the issuer has a query",
        making(lambda c, _a: {"issuer": c["issuer"] + "?tenant=1"}),
    ),
    _metadata(
        "issuer_slash",
        "RFC8414-3.3-issuer_identical",
        "the issuer has a slash more than the address it was asked at",
        making(lambda c, _a: {"issuer": c["issuer"] + "/"}),
    ),
    _metadata(
        "introspection_path",
        "RFC8414-2-token_endpoint",
        "the introspection endpoint is a path",
        having(introspection_endpoint="/oauth/introspect"),
    ),
    _metadata(
        "jwks_uri_path",
        "RFC8414-2-jwks_uri_https",
        "the key set is named by a path",
        having(jwks_uri="/.well-known/jwks.json"),
    ),
    _metadata(
        "lists_as_text",
        "RFC8414-3.2-arrays",
        "lists are texts of words",
        making(lambda c, _a: {"scopes_supported": " ".join(c["scopes_supported"])}),
    ),
    _metadata(
        "empty_list",
        "RFC8414-3.2-no_empty_arrays",
        "a list without elements is there",
        having(acr_values_supported=[]),
    ),
    _metadata(
        "no_tied_tokens",
        "RFC9700-2.2.1-sender_constrained_access",
        "no way to tie a token to a key is named",
        lacking("dpop_signing_alg_values_supported"),
    ),
    _metadata(
        "no_client_keys",
        "RFC9700-2.5-asymmetric_auth",
        "no client can authenticate with a key",
        having(token_endpoint_auth_methods_supported=["none", "client_secret_basic"]),
    ),
    _metadata(
        "nameless",
        "RFC9700-2.6-metadata_published",
        "the metadata does not say whose it is",
        lacking("issuer"),
    ),
    _metadata("null", "OIDCC-13.3-no_null", "a member is null", having(registration_endpoint=None)),
    _metadata(
        "no_scopes", "RFC8414-2-scopes_supported", "no scopes listed", lacking("scopes_supported")
    ),
    _metadata(
        "no_openid",
        "OIDCD-3-openid_listed",
        "openid is not listed",
        having(scopes_supported=["profile", "email", "offline_access"]),
    ),
    _metadata("no_jwks_uri", "OIDCD-3-jwks_uri", "the key set is not named", lacking("jwks_uri")),
    _metadata(
        "no_subject_types",
        "OIDCD-3-subject_types_supported",
        "subject types are not listed",
        lacking("subject_types_supported"),
    ),
    _metadata(
        "rs512_only",
        "OIDCD-3-signing_algs",
        "RS256 is not listed for ID tokens",
        having(id_token_signing_alg_values_supported=["RS512"]),
    ),
    _metadata(
        "no_jwt_algorithms",
        "RFC8414-2-token_auth_signing_algs",
        "the algorithms of client assertions are not listed",
        lacking(JWT_ALGORITHMS),
    ),
    _metadata(
        "no_other_algorithms",
        "RFC8414-2-revocation_auth_signing_algs",
        "the algorithms of client assertions at introspection are not listed",
        lacking("introspection_endpoint_auth_signing_alg_values_supported"),
    ),
    _metadata(
        "alg_none",
        "RFC8414-2-token_auth_signing_alg_none",
        "none is listed for client assertions",
        making(lambda c, _a: {JWT_ALGORITHMS: [*c[JWT_ALGORITHMS], "none"]}),
    ),
    _metadata(
        "no_rs256",
        "RFC8414-2-token_auth_rs256",
        "RS256 is not listed for client assertions",
        having(**{JWT_ALGORITHMS: ["ES256"]}),
    ),
    _metadata(
        "signed_wrongly",
        "RFC8414-2.1-signed_metadata",
        "signed metadata has no issuer",
        making(lambda _c, _a: _signed({"scopes_supported": ["openid"]})),
    ),
    _metadata(
        "signed_twice",
        "RFC8414-2.1-signed_metadata_not_nested",
        "signed metadata holds signed metadata",
        making(lambda c, _a: _signed({"iss": c["issuer"], "signed_metadata": "e30.e30.x"})),
    ),
    _metadata(
        "no_refresh_grant",
        "RFC8414-2-grant_types_default",
        "the grant refresh_token is not listed",
        having(grant_types_supported=["authorization_code"]),
    ),
    _metadata(
        "no_method",
        "RFC8414-2-token_auth_methods_default",
        "the authentication methods are not those that work",
        having(token_endpoint_auth_methods_supported=["tls_client_auth"]),
    ),
    _metadata(
        "no_revocation_method",
        "RFC8414-2-revocation_auth_methods_default",
        "the authentication methods of revocation are not those that work",
        having(revocation_endpoint_auth_methods_supported=["tls_client_auth"]),
    ),
    _metadata(
        "plain_only",
        "RFC8414-2-code_challenge_methods_supported",
        "the challenge methods are not listed",
        lacking("code_challenge_methods_supported"),
    ),
    _metadata(
        "places_differ",
        "RFC8414-3-multiple_locations",
        "the two documents name different token endpoints",
        making(_other_token_endpoint),
    ),
    telling(
        "jwks.mixed",
        "RFC8414-2-jwks_use_when_mixed",
        "a key for encryption stands beside one without use",
        jwks=lambda c, _a: {
            "keys": [
                *({n: v for n, v in key.items() if n != "use"} for key in c["keys"]),
                *(key | {"use": "enc", "kid": "encryption"} for key in c["keys"]),
            ]
        },
    ),
)
