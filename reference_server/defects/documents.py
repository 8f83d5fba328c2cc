"""Metadata that is false, and key sets: RFC 8414, OpenID Connect Discovery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokenspec.reference_server.defects.building import having, lacking, making, telling
from tokenspec.reference_server.guarding import Defect
from tokenspec.reference_server.keys import process_key
from tokenspec.reference_server.messages import Request

JWT_ALGORITHMS = "token_endpoint_auth_signing_alg_values_supported"


def _metadata(name: str, requirement: str, summary: str, alter: Any) -> Defect:
    return telling(f"metadata.{name}", requirement, summary, metadata=alter)


def _signed(claims: dict[str, Any]) -> dict[str, Any]:
    return {"signed_metadata": process_key().sign(claims, {"typ": "JWT"})}


def _other_token_endpoint(content: Mapping[str, Any], request: Request) -> dict[str, Any]:
    elsewhere = "oauth-authorization-server" in request.url
    return {"token_endpoint": content["token_endpoint"] + "/v1"} if elsewhere else {}


DEFECTS: tuple[Defect, ...] = (
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
