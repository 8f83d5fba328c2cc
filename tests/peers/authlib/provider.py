"""The grants, client authentication and endpoints, each a small subclass of Authlib's own.

Nothing Authlib decides by default is changed: PKCE as `CodeChallenge(required=True)`, which allows
`plain`; a new refresh token at each refresh, the old credential revoked; a code deleted once
exchanged. Public clients and `private_key_jwt` are allowed at every endpoint.
"""

from __future__ import annotations

import os
import time
from typing import Any

import store
from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core import UserInfo, UserInfoEndpoint
from authlib.oidc.core.grants import OpenIDHybridGrant
from flask import Flask, session
from openid import OpenID, PrivateKeyJWT
from store import ISSUER, AuthorizationCode, Client, Token, User

CLIENT_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
HYBRID = bool(os.environ.get("PEER_HYBRID"))  # the grant of OpenID's other flows as well


class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):
    """Codes kept in the store."""

    TOKEN_ENDPOINT_AUTH_METHODS = CLIENT_AUTH_METHODS

    def save_authorization_code(self, code: str, oauth_request: OAuth2Request) -> None:
        parameters = oauth_request.payload.data
        store.codes[code] = AuthorizationCode(
            code=code,
            client_id=oauth_request.client.client_id,
            redirect_uri=oauth_request.payload.redirect_uri,
            scope=oauth_request.scope,
            sub=oauth_request.user.sub,
            auth_time=session["auth_time"],
            nonce=parameters.get("nonce"),
            code_challenge=parameters.get("code_challenge"),
            code_challenge_method=parameters.get("code_challenge_method"),
        )

    def query_authorization_code(self, code: str, client: Client) -> AuthorizationCode | None:
        item = store.codes.get(code)
        if item and item.client_id == client.client_id and not item.is_expired():
            return item
        return None

    def delete_authorization_code(self, authorization_code: AuthorizationCode) -> None:
        store.codes.pop(authorization_code.code, None)

    def authenticate_user(self, authorization_code: AuthorizationCode) -> User | None:
        return store.users.get(authorization_code.sub)


class RefreshTokenGrant(grants.RefreshTokenGrant):
    """Rotation as Authlib documents it: a new refresh token, and the old credential revoked."""

    TOKEN_ENDPOINT_AUTH_METHODS = CLIENT_AUTH_METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        token = store.find_token(refresh_token, "refresh_token")
        return token if token and not token.refresh_token_revoked_at else None

    def authenticate_user(self, refresh_token: Token) -> User | None:
        return store.users.get(refresh_token.sub)

    def revoke_old_credential(self, refresh_token: Token) -> None:
        now = int(time.time())
        refresh_token.access_token_revoked_at = now
        refresh_token.refresh_token_revoked_at = now


class HybridGrant(OpenIDHybridGrant):
    """Codes beside tokens at the authorization endpoint; no client may use it."""

    save_authorization_code = AuthorizationCodeGrant.save_authorization_code
    exists_nonce = OpenID.exists_nonce
    generate_user_info = OpenID.generate_user_info


class Revocation(RevocationEndpoint):
    """Token revocation, for every kind of client."""

    CLIENT_AUTH_METHODS = CLIENT_AUTH_METHODS

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        return store.find_token(token_string, token_type_hint)

    def revoke_token(self, token: Token, oauth_request: OAuth2Request) -> None:
        now = int(time.time())
        token.access_token_revoked_at = now
        if oauth_request.form.get("token_type_hint") != "access_token":
            token.refresh_token_revoked_at = now


class Introspection(IntrospectionEndpoint):
    """Token introspection; a client learns about its own tokens only."""

    CLIENT_AUTH_METHODS = CLIENT_AUTH_METHODS

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        return store.find_token(token_string, token_type_hint)

    def check_permission(self, token: Token, client: Client, _request: OAuth2Request) -> bool:
        return token.check_client(client)

    def introspect_token(self, token: Token) -> dict[str, Any]:
        return {
            "active": True,
            "client_id": token.client_id,
            "token_type": token.token_type,
            "scope": token.scope,
            "sub": token.sub,
            "aud": token.client_id,
            "iss": ISSUER,
            "exp": token.issued_at + token.expires_in,
            "iat": token.issued_at,
        }


class AccessTokens(BearerTokenValidator):
    """Access tokens presented to the userinfo endpoint."""

    def authenticate_token(self, token_string: str) -> Token | None:
        return store.find_token(token_string, "access_token")


class Userinfo(UserInfoEndpoint):
    """The userinfo endpoint."""

    def get_issuer(self) -> str:
        return ISSUER

    def generate_user_info(self, user: User, scope: str) -> UserInfo:
        return user.claims(scope)


class Issuer(IssuerParameter):
    """The `iss` authorization response parameter."""

    def get_issuer(self) -> str:
        return ISSUER


def save_token(token: dict[str, Any], oauth_request: OAuth2Request) -> None:
    """Keep what was issued."""
    client_id, sub = oauth_request.client.client_id, oauth_request.user.sub
    store.tokens.append(Token(client_id=client_id, sub=sub, **token))


def create_server(app: Flask) -> AuthorizationServer:
    """The authorization server of `app`, with every grant, endpoint and extension."""
    protector = ResourceProtector()
    protector.register_token_validator(AccessTokens())
    server = AuthorizationServer(app, query_client=store.clients.get, save_token=save_token)
    server.register_client_auth_method(PrivateKeyJWT.CLIENT_AUTH_METHOD, PrivateKeyJWT())
    server.register_grant(AuthorizationCodeGrant, [OpenID(), CodeChallenge(required=True)])
    server.register_grant(RefreshTokenGrant)
    if HYBRID:
        server.register_grant(HybridGrant)
    server.register_endpoint(Revocation)
    server.register_endpoint(Introspection)
    server.register_endpoint(Userinfo(resource_protector=protector))
    server.register_extension(Issuer())
    return server
