"""ID tokens and client assertions: what Authlib makes and verifies with keys, before 1.7."""

from __future__ import annotations

from typing import Any

import store
from authlib.jose import JsonWebKey, KeySet, RSAKey
from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from store import ISSUER, Client, User

HEADER = {"alg": "RS256", "kid": "1"}
SIGNING_KEY = RSAKey.generate_key(2048, {"use": "sig", **HEADER}, is_private=True)


class OpenID(OpenIDCode):
    """ID tokens."""

    def exists_nonce(self, nonce: str, oauth_request: OAuth2Request) -> bool:
        client_id = oauth_request.payload.client_id
        codes = list(store.codes.values())  # another thread may add one meanwhile
        return any(item.client_id == client_id and item.nonce == nonce for item in codes)

    def get_jwt_config(self, _grant: Any, _client: Client) -> dict[str, Any]:
        return {"key": SIGNING_KEY, **HEADER, "iss": ISSUER, "exp": 3600}

    def generate_user_info(self, user: User, scope: str) -> UserInfo:
        return user.claims(scope)


class PrivateKeyJWT(JWTBearerClientAssertion):
    """Client authentication by `private_key_jwt`."""

    CLIENT_AUTH_METHOD = "private_key_jwt"

    def __init__(self) -> None:
        super().__init__(f"{ISSUER}/token")

    def validate_jti(self, claims: dict[str, Any], jti: str) -> bool:
        seen = (claims["sub"], jti) in store.assertion_ids
        store.assertion_ids.add((claims["sub"], jti))
        return not seen

    def resolve_client_public_key(self, client: Client, _headers: dict[str, Any]) -> KeySet:
        jwks = client.client_metadata.get("jwks")
        return JsonWebKey.import_key_set(jwks) if jwks else KeySet([])
