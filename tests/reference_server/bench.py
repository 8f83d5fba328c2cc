"""A server with a clock of its own, and the valid requests to it: where the tests start from."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from tokenspec.reference_server import (
    Api,
    Client,
    OAuthError,
    Policy,
    Request,
    Response,
    Server,
    ServerConfig,
    User,
)
from tokenspec.reference_server.guards.code import s256
from tokenspec.reference_server.keys import base64url
from tokenspec.reference_server.store import SignIn

ISSUER = "https://as.example"
CALLBACK = "https://app.example/callback"
VERIFIER = "v" * 43
KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key()))
JWK = PUBLIC | {"alg": "ES256", "kid": "k"}
CONFIG = ServerConfig(
    issuer=ISSUER,
    clients=(
        Client("app", redirect_uris=(CALLBACK, "https://app.example/other")),
        Client("other", redirect_uris=(CALLBACK,)),
        Client("basic", "client_secret_basic", secret="s+%:", redirect_uris=(CALLBACK,)),
        Client("signer", "private_key_jwt", jwks={"keys": [JWK]}, redirect_uris=(CALLBACK,)),
    ),
    users=(User("alice", "wonderland", sub="u1"),),
    apis=(Api("https://api.example/offline", True), Api("https://api.example/online")),
)
Form = dict[str, str]


class Bench:
    """A server with a clock of its own, and the valid requests to it."""

    def __init__(
        self,
        *defects: str,
        policy: Policy | None = None,
        claims: Mapping[str, Any] | None = None,
        dialect: str = "rfc",
        switches: tuple[str, ...] | None = None,
    ) -> None:
        self.now = time.time()
        users = (replace(CONFIG.users[0], claims=claims or {}),)
        config = replace(CONFIG, policy=policy or Policy(), users=users, dialect=dialect)
        config = replace(config, dialect_switches=switches)
        self.server = Server(config, clock=lambda: self.now, defects=defects)

    def authorization(self, client_id: str = "app", **changes: str) -> Form:
        return {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": CALLBACK,
            "scope": "openid offline_access",
            "code_challenge": s256(VERIFIER),
            "code_challenge_method": "S256",
        } | changes

    def code(self, client_id: str = "app", **changes: str) -> str:
        return self.ask(tuple(self.authorization(client_id, **changes).items()))

    def ask(self, parameters: tuple[tuple[str, str], ...]) -> str:
        """The code a user who is signed in and has consented gets for an authorization request."""
        fields = dict(parameters)
        self.server.store.put_consent("alice", (fields["client_id"], fields["scope"]))
        self.server.store.put_sign_in(SignIn("sid", "alice", int(self.now)))
        url = f"{ISSUER}/authorize?{urlencode(parameters)}"
        response = self.server.handle(Request("GET", url, (("Cookie", "session=sid"),)))
        location = dict(response.headers).get("Location", "")
        answer = dict(parse_qsl(urlsplit(location).query))
        if "code" not in answer:
            if response.refusal is None:
                raise OAuthError("login-page", "the user is asked")
            raise OAuthError(answer.get("error", "page"), response.refusal.cause)
        return answer["code"]

    def form(self, client_id: str = "app", **changes: str) -> Form:
        code = changes.pop("code", "") or self.code(client_id)
        return {
            "grant_type": "authorization_code",
            "client_id": client_id,
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        } | changes

    def post(
        self,
        form: Mapping[str, str] | list[tuple[str, str]],
        authorization: str = "",
        *,
        proofs: tuple[str, ...] = (),
        **request: Any,
    ) -> Response:
        headers = [
            ("Content-Type", request.pop("content_type", "application/x-www-form-urlencoded")),
            *(("DPoP", proof) for proof in proofs),
        ]
        if authorization:
            headers.append(("Authorization", authorization))
        made = Request("POST", f"{ISSUER}/oauth/token", tuple(headers), urlencode(form).encode())
        return self.server.handle(replace(made, **request))

    def refresh(self, form: Mapping[str, str] | None = None, **changes: str) -> Response:
        token = body(self.post(form or self.form()))["refresh_token"]
        fields = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": token}
        return self.post(fields | changes)

    def assertion(self, *, key: ec.EllipticCurvePrivateKey = KEY, **claims: Any) -> Form:
        made = {
            "iss": "signer", "sub": "signer", "aud": ISSUER, "jti": secrets.token_hex(8),
            "exp": self.now + 60,
        } | claims  # fmt: skip
        signed = jwt.encode(made, key, "ES256")
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        return self.form("signer", client_assertion=signed, client_assertion_type=kind)

    def proof(
        self,
        header: Mapping[str, Any] | None = None,
        *,
        key: Any = KEY,
        signed_by: str = "ES256",
        **claims: Any,
    ) -> str:
        """A DPoP proof for the token endpoint; a claim that is None is left out."""
        shown = {"typ": "dpop+jwt", "alg": "ES256", "jwk": PUBLIC} | dict(header or {})
        made = {
            "jti": secrets.token_hex(8), "htm": "POST", "htu": f"{ISSUER}/oauth/token",
            "iat": self.now,
        } | claims  # fmt: skip
        kept = {name: value for name, value in made.items() if value is not None}
        return signed({n: v for n, v in shown.items() if v is not None}, kept, key, signed_by)

    def get(self, name: str) -> Response:
        return self.server.handle(Request("GET", self.server.endpoint(name)))

    def userinfo(self, token: str, scheme: str = "Bearer", *proofs: str) -> Response:
        headers = (("Authorization", f"{scheme} {token}"), *(("DPoP", p) for p in proofs))
        return self.server.handle(Request("GET", f"{ISSUER}/userinfo", headers))

    def userinfo_proof(self, token: str, **changes: Any) -> str:
        """A proof for userinfo beside `token`."""
        ath = base64url(hashlib.sha256(token.encode()).digest())
        htu = f"{ISSUER}/userinfo"
        return self.proof(**({"htm": "GET", "htu": htu, "ath": ath} | changes))

    def bound_token(self, **changes: Any) -> str:
        token: str = body(self.post(self.form(), proofs=(self.proof(**changes),)))["access_token"]
        return token


def body(response: Response) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(response.body)
    return found


def without(form: Form, *names: str) -> Form:
    return {name: value for name, value in form.items() if name not in names}


def basic(secret: str, client_id: str = "basic") -> str:
    pair = urlencode({client_id: secret}).replace("=", ":", 1)
    return "Basic " + base64.b64encode(pair.encode()).decode()


def signed(
    header: Mapping[str, Any],
    claims: Mapping[str, Any],
    key: Any = KEY,
    signed_by: str = "ES256",
) -> str:
    """A compact JWS of whatever is given, however wrong it is."""
    shown = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    algorithm = jwt.algorithms.get_default_algorithms()[signed_by]
    return f"{shown}.{base64url(algorithm.sign(shown.encode(), key))}"
