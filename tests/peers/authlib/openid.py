"""ID tokens and client assertions: what Authlib makes and verifies with keys."""

from __future__ import annotations

from typing import Any

import store
from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from joserfc.jwk import KeySet, RSAKey
from store import ISSUER, Client, User

SIGNING_KEY = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


class OpenID(OpenIDCode):
    """ID tokens."""

    def exists_nonce(self, nonce: str, oauth_request: OAuth2Request) -> bool:
        client_id = oauth_request.payload.client_id
        codes = list(store.codes.values())  # another thread may add one meanwhile
        return any(item.client_id == client_id and item.nonce == nonce for item in codes)

    def resolve_client_private_key(self, _client: Client) -> RSAKey:
        return SIGNING_KEY

    def get_encode_header(self, client: Client) -> dict[str, str]:
        return {**super().get_encode_header(client), "kid": SIGNING_KEY.kid}

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": ISSUER, "aud": [client.client_id]}

    def generate_user_info(self, user: User, scope: str) -> UserInfo:
        return user.claims(scope)


class PrivateKeyJWT(JWTBearerClientAssertion):
    """Client authentication by `private_key_jwt`."""

    CLIENT_AUTH_METHOD = "private_key_jwt"

    def get_audiences(self) -> list[str]:
        return [ISSUER, f"{ISSUER}/token"]

    def validate_jti(self, claims: dict[str, Any], jti: str) -> bool:
        seen = (claims["sub"], jti) in store.assertion_ids
        store.assertion_ids.add((claims["sub"], jti))
        return not seen

    def resolve_client_public_key(self, client: Client) -> KeySet:
        jwks = client.client_metadata.get("jwks")
        return KeySet.import_key_set(jwks) if jwks else KeySet([])
