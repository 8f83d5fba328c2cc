"""The set-up the bundled server is shown with: clients of every kind, two users, two APIs."""

from __future__ import annotations

import functools
import json
from dataclasses import replace

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tokenspec.reference_server.config import Api, Client, Policy, ServerConfig, User

__all__ = ["demo_config"]
CALLBACK, OTHER = "https://client.example/callback", "https://client.example/other"
WITH_QUERY, LOOPBACK = "https://client.example/query?tenant=1", "http://127.0.0.1/callback"
LOOPBACK_IPV6, LOCALHOST = "http://[::1]/callback", "http://localhost/callback"
PRIVATE_SCHEME, OF_SECOND = "com.example.client:/callback", "https://second.example/callback"
NATIVE = (LOOPBACK, LOOPBACK_IPV6, LOCALHOST, PRIVATE_SCHEME)
CLAIMS = {
    "name": "Alice Liddell",
    "email": "alice@client.example",
    "email_verified": True,
    "https://claims.example/role": "reader",
    "role": "must never be told without a namespace",
}
OTHER_CLAIMS = {"name": "Theophilus Carter", "email": "hatter@client.example"}


@functools.cache
def demo_private_key() -> ec.EllipticCurvePrivateKey:
    """The key `tokenspec-jwt` signs its assertions with; made once a process."""
    return ec.generate_private_key(ec.SECP256R1())


@functools.cache
def demo_rsa_key() -> rsa.RSAPrivateKey:
    """The same where `tokenspec-jwt` has an RSA key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def with_rsa_key(config: ServerConfig) -> ServerConfig:
    """`config` with that key registered, for PS256."""
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(demo_rsa_key().public_key()))
    jwks = {"keys": [jwk | {"alg": "PS256"}]}
    clients = (replace(client, jwks=jwks) if client.jwks else client for client in config.clients)
    return replace(config, clients=tuple(clients))


def demo_config(issuer: str, *, dpop_nonce: bool = True) -> ServerConfig:
    """A server at `issuer` with everything a scenario can ask for."""
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(demo_private_key().public_key()))
    both = (CALLBACK, OTHER)
    return ServerConfig(
        issuer=issuer,
        clients=(
            Client("tokenspec-public", redirect_uris=(*both, WITH_QUERY, *NATIVE)),
            Client("tokenspec-second", redirect_uris=(*both, OF_SECOND)),
            Client(
                "tokenspec-basic",
                "client_secret_basic",
                secret="basic secret+with/reserved%characters:4f1c",
                redirect_uris=both,
            ),
            Client(
                "tokenspec-post",
                "client_secret_post",
                secret="post-secret-9b7e2d54",
                redirect_uris=both,
            ),
            Client(
                "tokenspec-jwt",
                "private_key_jwt",
                jwks={"keys": [jwk | {"alg": "ES256"}]},
                redirect_uris=both,
            ),
            Client("tokenspec-code", redirect_uris=both, grant_types=("authorization_code",)),
            Client("tokenspec-single", redirect_uris=(CALLBACK,)),
        ),
        users=(
            User("alice", "wonderland", sub="user-1", claims=CLAIMS),
            User("hatter", "tea-at-six", sub="user-2", claims=OTHER_CLAIMS),
        ),
        apis=(Api("https://api.example/offline", True), Api("https://api.example/online")),
        policy=Policy(dpop_nonce=dpop_nonce),
    )
