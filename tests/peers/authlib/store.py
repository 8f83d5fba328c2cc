"""What the provider keeps: its account, clients, codes and tokens, in memory.

The rules are those of the SQLAlchemy models that Authlib ships for this purpose.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, list_to_scope, scope_to_list
from authlib.oidc.core import AuthorizationCodeMixin, UserInfo

ISSUER = os.environ["PEER_ISSUER"]
USERNAME = os.environ["PEER_USERNAME"]
PASSWORD = os.environ["PEER_PASSWORD"]
CODE_LIFETIME = 300  # seconds
ROLES_CLAIM = "https://app.example/roles"


@dataclass(frozen=True)
class User:
    """The one account."""

    sub: str

    def claims(self, scope: str) -> UserInfo:
        """The standard claims of `scope`, and a namespaced claim of our own."""
        info = UserInfo(
            sub=self.sub, name="Alice Example", email="alice@app.example", email_verified=True
        )
        return UserInfo(info.filter(scope), **{ROLES_CLAIM: ["reader"]})


@dataclass(frozen=True)
class Client(ClientMixin):
    """A registered client; the rules are those of Authlib's SQLAlchemy mixin."""

    client_metadata: Mapping[str, Any]

    @property
    def client_id(self) -> str:
        return str(self.client_metadata["client_id"])

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return str(self.client_metadata["redirect_uris"][0])

    def get_allowed_scope(self, scope: str | None) -> str:
        allowed = set(scope_to_list(self.client_metadata["scope"]))
        return str(list_to_scope([name for name in scope_to_list(scope or "") if name in allowed]))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.client_metadata["redirect_uris"]

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(self.client_metadata.get("client_secret", ""), client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        if endpoint == "token":
            return bool(self.client_metadata["token_endpoint_auth_method"] == method)
        return True

    def check_response_type(self, response_type: str) -> bool:
        return response_type in self.client_metadata["response_types"]

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.client_metadata["grant_types"]


@dataclass(frozen=True)
class AuthorizationCode(AuthorizationCodeMixin):
    """What a code stands for."""

    code: str
    client_id: str
    redirect_uri: str | None
    scope: str
    sub: str
    auth_time: int
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    issued_at: float = field(default_factory=time.time)

    def is_expired(self) -> bool:
        return self.issued_at + CODE_LIFETIME < time.time()

    def get_redirect_uri(self) -> str | None:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_nonce(self) -> str | None:
        return self.nonce


@dataclass
class Token(TokenMixin):
    """An access token and the refresh token issued with it."""

    client_id: str
    sub: str
    token_type: str
    access_token: str
    expires_in: int
    scope: str = ""
    refresh_token: str | None = None
    issued_at: int = field(default_factory=lambda: int(time.time()))
    access_token_revoked_at: int = 0
    refresh_token_revoked_at: int = 0

    def check_client(self, client: Client) -> bool:
        return self.client_id == client.client_id

    def get_scope(self) -> str:
        return self.scope

    def get_expires_in(self) -> int:
        return self.expires_in

    def is_revoked(self) -> bool:
        return bool(self.access_token_revoked_at or self.refresh_token_revoked_at)

    def is_expired(self) -> bool:
        return self.issued_at + self.expires_in < time.time()

    def get_user(self) -> User | None:
        return users.get(self.sub)

    def get_client(self) -> Client | None:
        return clients.get(self.client_id)


def read_clients(file: Path) -> dict[str, Client]:
    """The clients by their id, from a JSON list of client metadata (RFC 7591 §2)."""
    return {entry["client_id"]: Client(entry) for entry in json.loads(file.read_text("utf-8"))}


users = {USERNAME: User(USERNAME)}
clients = read_clients(Path(os.environ["PEER_CLIENTS"]))
codes: dict[str, AuthorizationCode] = {}
tokens: list[Token] = []
consents: set[tuple[str, str, str]] = set()  # subject, client, scope
assertion_ids: set[tuple[str, str]] = set()  # client, jti


def find_token(value: str, hint: str | None = None) -> Token | None:
    """The token whose access or refresh token is `value`; `hint` narrows it to one of them."""
    kinds = [hint] if hint else ["access_token", "refresh_token"]
    return next((one for kind in kinds for one in tokens if getattr(one, kind) == value), None)
