"""The documents a server publishes: metadata (RFC 8414, OpenID Connect Discovery) and key set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tokenspec.reference_server.guarding import behaviour
from tokenspec.reference_server.keys import base64url
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.tokens import SCOPE_CLAIMS

if TYPE_CHECKING:
    from tokenspec.reference_server.server import Server

ID_TOKEN_CLAIMS = ("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash")
OWN_ISSUER = behaviour(
    "metadata.issuer", "RFC8414-3.3-issuer_identical", "the metadata names its own issuer"
)
AS_JSON = behaviour(
    "metadata.json", "RFC8414-3.2-status_and_type", "the metadata is declared as JSON"
)
ABSOLUTE = behaviour(
    "metadata.endpoints", "RFC8414-2-token_endpoint", "endpoints are absolute https URLs"
)
NO_FRAGMENT = behaviour(
    "metadata.token_endpoint_fragment",
    "RFC6749-3.2-no_fragment",
    "the address of the token endpoint has no fragment",
)
CODE_LISTED = behaviour(
    "metadata.response_types", "RFC8414-2-response_types_supported", "code is listed"
)
PKCE_LISTED = behaviour(
    "metadata.pkce", "RFC9700-2.1.1-challenge_methods_published", "S256 is listed"
)
ISS_LISTED = behaviour(
    "metadata.iss_listed",
    "RFC9207-2.3-support_advertised",
    "it is said that answers name the issuer",
)
AUTHORIZATION_NO_FRAGMENT = behaviour(
    "metadata.authorization_no_fragment",
    "RFC6749-3.1-no_fragment",
    "the address of the authorization endpoint has no fragment",
)
KEYS_PUBLISHED = behaviour("jwks.keys", "RFC7517-5-keys_array", "the key set holds keys")
KEYS_PUBLIC = behaviour("jwks.public_only", "OIDCD-3-jwks_no_private", "no private key is told")
KEYS_TOLD_APART = behaviour(
    "jwks.kid_distinct", "FAPI2SP-5.4.2-distinct_kid", "no two keys have the same kid"
)
WEAK_KEYS = {
    behaviour("jwks.rsa_length", "FAPI2SP-5.4.1-rsa_2048", "RSA keys have 2048 bits"): {
        "kty": "RSA", "kid": "short", "e": "AQAB", "n": base64url(b"\xff" * 128),
    },
    behaviour("jwks.ec_length", "FAPI2SP-5.4.1-ec_224", "curves have 224 bits or more"): {
        "kty": "EC", "kid": "small", "crv": "P-192",
        "x": base64url(b"\x01" * 24), "y": base64url(b"\x02" * 24),
    },
}  # fmt: skip
ALG_LISTED = behaviour(
    "metadata.id_token_alg", "OIDCC-3.1.3.7-alg_default_rs256", "the alg in use is listed"
)


class Documents:
    """Answers the well-known addresses and the key set."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def metadata(self, request: Request) -> Response:
        """The metadata; the same document at both well-known addresses."""
        body = self.server.told("metadata", self.content(), request)
        answer = self.server.json(200, body)
        if self.server.behaves(AS_JSON):
            return answer
        return Response(200, (("Content-Type", "text/html"),), answer.body)

    def key_set(self, _request: Request) -> Response:
        """The key set (RFC 7517 §5)."""
        jwk = self.server.key.public_jwk
        if not self.server.behaves(KEYS_PUBLIC):
            jwk |= {"d": "AQAB"}
        keys = [jwk] if self.server.behaves(KEYS_PUBLISHED) else []
        keys += [weak for name, weak in WEAK_KEYS.items() if not self.server.behaves(name)]
        if not self.server.behaves(KEYS_TOLD_APART):
            keys.append(jwk)
        return self.server.json(200, self.server.told("jwks", {"keys": keys}))

    def _authorization_endpoint(self) -> str:
        address, behaves = self.server.endpoint("authorization"), self.server.behaves
        return address if behaves(AUTHORIZATION_NO_FRAGMENT) else f"{address}#authorize"

    def content(self) -> dict[str, Any]:
        """What the server says of itself."""
        server, behaves = self.server, self.server.behaves
        algorithms = list(server.policy.client_algorithms)
        methods = sorted({client.auth_method for client in server.config.clients})
        content: dict[str, Any] = {
            "issuer": server.config.issuer if behaves(OWN_ISSUER) else "https://other.example",
            "authorization_endpoint": self._authorization_endpoint(),
            "token_endpoint": server.endpoint("token") + ("" if behaves(NO_FRAGMENT) else "#token"),
            "userinfo_endpoint": server.endpoint("userinfo") if behaves(ABSOLUTE) else "/userinfo",
            "revocation_endpoint": server.endpoint("revocation"),
            "introspection_endpoint": server.endpoint("introspection"),
            "jwks_uri": server.endpoint("jwks"),
            "scopes_supported": list(server.config.offered_scopes),
            "response_types_supported": ["code"] if behaves(CODE_LISTED) else ["token"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [server.key.algorithm]
            if behaves(ALG_LISTED)
            else ["ES256"],
            "token_endpoint_auth_methods_supported": methods,
            "token_endpoint_auth_signing_alg_values_supported": algorithms,
            "revocation_endpoint_auth_methods_supported": methods,
            "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
            "introspection_endpoint_auth_methods_supported": methods,
            "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
            "claims_supported": sorted(
                {*ID_TOKEN_CLAIMS, *(n for names in SCOPE_CLAIMS.values() for n in names)}
            ),
            "claims_parameter_supported": True,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "dpop_signing_alg_values_supported": algorithms,
        }
        if behaves(ISS_LISTED):
            said = not server.dialect.has("no_iss_parameter")
            content["authorization_response_iss_parameter_supported"] = said
        if behaves(PKCE_LISTED):
            plain = ["plain"] if server.offers_plain else []
            content["code_challenge_methods_supported"] = ["S256", *plain]
        return content
