"""The documents a server publishes: metadata (RFC 8414, OpenID Connect Discovery) and key set."""

from __future__ import annotations

from typing import Any

from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.answers import json_answer
from tokenspec.reference_server.endpoints.claims import STANDARD
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.seams import Seam, seam

ID_TOKEN_CLAIMS = ("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash")
METADATA: Seam[dict[str, Any], Request] = seam("metadata", "what the server says of itself")
METADATA_ANSWER: Seam[Response, Request] = seam("metadata_answer", "the metadata as an answer")
JWKS: Seam[dict[str, Any], Core] = seam("jwks", "the key set (RFC 7517 §5)")


class Documents:
    """Answers the well-known addresses and the key set."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def metadata(self, request: Request) -> Response:
        """The metadata; the same document at both well-known addresses."""
        body = self.core.tell(METADATA, metadata(self.core), request)
        return self.core.tell(METADATA_ANSWER, json_answer(self.core, 200, body), request)

    def key_set(self, _request: Request) -> Response:
        """The key set (RFC 7517 §5)."""
        body = self.core.tell(JWKS, {"keys": [self.core.key.public_jwk]}, self.core)
        return json_answer(self.core, 200, body)


def metadata(core: Core) -> dict[str, Any]:
    """What the server says of itself (RFC 8414 §2, OpenID Connect Discovery §3)."""
    algorithms = list(core.policy.client_algorithms)
    objects = core.policy.request_objects
    plain = ["plain"] if core.policy.plain_pkce else []
    methods = sorted({client.auth_method for client in core.config.clients})
    return {
        "issuer": core.config.issuer,
        "authorization_endpoint": core.endpoint("authorization"),
        "token_endpoint": core.endpoint("token"),
        "pushed_authorization_request_endpoint": core.endpoint("par"),
        "require_pushed_authorization_requests": core.policy.par_required,
        "userinfo_endpoint": core.endpoint("userinfo"),
        "revocation_endpoint": core.endpoint("revocation"),
        "introspection_endpoint": core.endpoint("introspection"),
        "end_session_endpoint": core.endpoint("logout"),
        "jwks_uri": core.endpoint("jwks"),
        "scopes_supported": list(core.config.offered_scopes),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [core.key.algorithm],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "claims_supported": sorted({*ID_TOKEN_CLAIMS, *STANDARD}),
        "claims_parameter_supported": True,
        "request_parameter_supported": core.policy.request_objects,
        **({"request_object_signing_alg_values_supported": algorithms} if objects else {}),
        "request_uri_parameter_supported": False,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "dpop_signing_alg_values_supported": algorithms,
        "authorization_response_iss_parameter_supported": True,
        "code_challenge_methods_supported": [
            "S256",
            *plain,
        ],
    }
