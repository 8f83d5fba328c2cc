"""Request objects by value: what stands in the JWT counts, once its signature holds."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from test_authorize import CALLBACK, CONFIG, ISSUER, REQUEST, Browser, answer

from tokenspec.reference_server import Client, Server, ServerConfig
from tokenspec.reference_server.config import Policy

KEY, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
JWK = jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
CLIENT = Client(
    "app", "private_key_jwt", jwks={"keys": [{**JWK, "alg": "ES256"}]}, redirect_uris=(CALLBACK,)
)
OBJECTS = ServerConfig(ISSUER, (CLIENT,), CONFIG.users, policy=Policy(request_objects=True))


def browser() -> Browser:
    made = Browser()
    made.server = Server(OBJECTS)
    return made


def signed(key: ec.EllipticCurvePrivateKey = KEY, **claims: Any) -> str:
    return jwt.encode(REQUEST | {"iss": "app", "aud": ISSUER} | claims, key, algorithm="ES256")


def test_what_stands_in_the_object_counts() -> None:
    found = answer(browser().sign_in(request=signed(state="inside"), state="beside"))
    assert found["code"]
    assert found["state"] == "inside"


@pytest.mark.parametrize(
    ("made", "guard"),
    [
        (signed(OTHER), "request_object.signature"),
        (jwt.encode(REQUEST, "", algorithm="none"), "request_object.signature"),
        (signed(client_id="another"), "request_object.client_id"),
        (signed(aud=["https://other.example"]), "request_object.audience"),
        (signed(exp=int(time.time()) - 1), "request_object.expiry"),
        (signed(nbf=int(time.time()) + 600), "request_object.not_before"),
    ],
)
def test_what_may_not_count_is_refused(made: str, guard: str) -> None:
    refused = browser().authorize(request=made)
    assert answer(refused)["error"] == "invalid_request_object"
    assert refused.refusal
    assert refused.refusal.guard == guard


def test_what_is_no_jwt_leads_nowhere() -> None:
    assert browser().authorize(request="tokenspec", redirect_uri="https://x.example").status != 200
