"""What the server issues, and how each behaviour's removal shows in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from bench import ISSUER, PUBLIC, Bench, body

from tokenspec.reference_server import Response
from tokenspec.reference_server.keys import base64url, thumbprint

CLAIMS = {
    "name": "Alice", "email": "a@app.example", "role": "admin", "https://claims.example/role": "r",
}  # fmt: skip
Claims = dict[str, Any]
OFFLINE = "https://api.example/offline"


def granted(bench: Bench, **authorization: str) -> dict[str, Any]:
    return body(bench.post(bench.form(code=bench.code(**authorization))))


def verified(bench: Bench, token: str, audience: str = "app") -> Claims:
    """The claims, after the checks of OpenID Connect Core §3.1.3.7 a client makes."""
    document = body(bench.get("jwks"))
    key = next(k for k in jwt.PyJWKSet.from_dict(document).keys)
    assert jwt.get_unverified_header(token)["kid"] == key.key_id
    claims: Claims = jwt.decode(
        token, key, algorithms=["RS256"], audience=audience, issuer=ISSUER,
        options={"require": ["exp", "iat", "sub"]}, leeway=5,
    )  # fmt: skip
    return claims


def first(bench: Bench) -> Claims:
    answer = granted(bench, nonce="n", scope="openid profile email offline_access")
    claims = verified(bench, answer["id_token"])
    assert claims["sub"] == "u1"
    assert claims["nonce"] == "n"
    assert abs(claims["iat"] - bench.now) < 5
    assert claims["auth_time"] == int(bench.now)
    half = hashlib.sha256(answer["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == base64url(half)
    assert claims["name"] == "Alice"
    assert claims["https://claims.example/role"] == "r"
    assert "role" not in claims
    return claims


def after_refresh(bench: Bench) -> Claims:
    answer = granted(bench, nonce="n")
    before = jwt.decode(answer["id_token"], options={"verify_signature": False})
    bench.now += 2
    fields = {"grant_type": "refresh_token", "client_id": "app"}
    response = bench.post(fields | {"refresh_token": answer["refresh_token"]})
    claims = verified(bench, body(response)["id_token"])
    assert (claims["sub"], claims["auth_time"]) == (before["sub"], before["auth_time"])
    assert claims["iat"] == int(bench.now)
    assert "nonce" not in claims
    return claims


def access_token(bench: Bench) -> Claims:
    answer = granted(bench, audience=OFFLINE)
    claims = verified(bench, answer["access_token"], OFFLINE)
    assert jwt.get_unverified_header(answer["access_token"])["typ"] == "at+jwt"
    assert claims["client_id"] == "app"
    assert claims["scope"] == answer["scope"]
    assert claims["jti"]
    return claims


ID_TOKEN = (
    "issuer", "audience", "subject", "expiry", "issued_at", "nonce", "at_hash", "signature",
    "auth_time", "alg_not_none", "claims_namespaced", "custom_claims",
)  # fmt: skip
REFRESHED = (
    "same_issuer", "same_audience", "same_subject", "dated_anew", "first_login", "no_other_nonce",
)  # fmt: skip
ACCESS = ("typ", "iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope")
CASES: list[tuple[str, Callable[[Bench], Claims]]] = [
    *((f"id_token.{name}", first) for name in ID_TOKEN),
    *((f"id_token.{name}", after_refresh) for name in REFRESHED),
    *((f"access_token.{name}", access_token) for name in ACCESS),
]


@pytest.mark.parametrize(("behaviour", "read"), CASES, ids=[name for name, _ in CASES])
def test_a_claim_holds_and_the_removal_of_its_behaviour_shows(
    behaviour: str, read: Callable[[Bench], Claims]
) -> None:
    assert read(Bench(claims=CLAIMS))
    with pytest.raises((AssertionError, KeyError, jwt.PyJWTError)):
        read(Bench(behaviour, claims=CLAIMS))


def test_claims_follow_the_scope() -> None:
    bench = Bench(claims=CLAIMS)
    claims = verified(bench, granted(bench, scope="openid email")["id_token"])
    assert "email" in claims
    assert "name" not in claims


def test_a_bound_jwt_names_its_key() -> None:
    for defects, bound in (((), True), (("access_token.cnf",), False)):
        bench = Bench(*defects)
        form = bench.form(code=bench.code(audience=OFFLINE))
        answer = body(bench.post(form, proofs=(bench.proof(),)))
        claims = verified(bench, answer["access_token"], OFFLINE)
        assert (claims.get("cnf") == {"jkt": thumbprint(PUBLIC)}) is bound


def test_a_token_for_no_api_is_opaque() -> None:
    assert "." not in granted(Bench())["access_token"]


def test_servers_of_one_process_share_a_key_unless_given_one() -> None:
    assert Bench().server.core.key is Bench().server.core.key


# behaviour, what is seen in the answer to a code exchange with the good server
ENVELOPE: list[tuple[str, Callable[[Response], bool]]] = [
    ("response.status_200", lambda r: r.status == 200),
    ("response.no_store", lambda r: dict(r.headers).get("Cache-Control") == "no-store"),
    ("response.pragma", lambda r: dict(r.headers).get("Pragma") == "no-cache"),
    ("response.json", lambda r: dict(r.headers)["Content-Type"] == "application/json"),
    ("response.access_token", lambda r: isinstance(body(r)["access_token"], str)),
    ("response.token_type", lambda r: body(r).get("token_type") == "Bearer"),
    ("response.expires_in", lambda r: "expires_in" in body(r)),
    ("response.expires_in_number", lambda r: isinstance(body(r)["expires_in"], int)),
    ("response.expires_in_digits", lambda r: int(body(r)["expires_in"]) > 0),
    ("response.scope", lambda r: body(r).get("scope") == "openid offline_access"),
    ("id_token.present", lambda r: "id_token" in body(r)),
    ("offline_access.given", lambda r: "refresh_token" in body(r)),
]


@pytest.mark.parametrize(("behaviour", "seen"), ENVELOPE, ids=[name for name, _ in ENVELOPE])
def test_an_envelope_holds_and_the_removal_of_its_behaviour_shows(
    behaviour: str, seen: Callable[[Response], bool]
) -> None:
    good, bad = Bench(), Bench(behaviour)
    assert seen(good.post(good.form()))
    assert not seen(bad.post(bad.form()))


# behaviour, what is seen in a refusal of the good server
ERRORS: list[tuple[str, Callable[[Response], bool]]] = [
    ("error.json", lambda r: dict(r.headers)["Content-Type"] == "application/json"),
    ("error.member", lambda r: body(r).get("error") == "invalid_grant"),
    ("error.description_charset", lambda r: '"' not in body(r)["error_description"]),
    ("error.uri_charset", lambda r: "error_uri" not in body(r)),
    ("error.no_token", lambda r: "refresh_token" not in body(r)),
    ("error.no_echo", lambda r: "made-up" not in r.body.decode()),
]


@pytest.mark.parametrize(("behaviour", "seen"), ERRORS, ids=[name for name, _ in ERRORS])
def test_an_error_holds_and_the_removal_of_its_behaviour_shows(
    behaviour: str, seen: Callable[[Response], bool]
) -> None:
    good, bad = Bench(), Bench(behaviour)
    assert seen(good.post(good.form(code="made-up")))
    assert not seen(bad.post(bad.form(code="made-up")))


def test_no_scope_no_member() -> None:
    """RFC 6749 §3.3: a scope has one word at least."""
    bench = Bench()
    assert "scope" not in granted(bench, scope="")


@pytest.mark.parametrize(
    ("behaviour", "authorization", "member"),
    [
        ("id_token.only_with_openid", {"scope": "offline_access"}, "id_token"),
        ("offline_access.scope_required", {"scope": "openid"}, "refresh_token"),
        (
            "offline_access.api_allows",
            {"audience": "https://api.example/online"},
            "refresh_token",
        ),
    ],
)
def test_what_was_not_asked_for_is_not_given(
    behaviour: str, authorization: dict[str, str], member: str
) -> None:
    assert member not in granted(Bench(), **authorization)
    assert member in granted(Bench(behaviour), **authorization)


def test_the_scope_of_a_code_is_settled() -> None:
    good, bad = Bench(), Bench("token.scope_settled")
    for bench, scope in ((good, "openid"), (bad, "openid email")):
        response = bench.post(bench.form(code=bench.code(scope="openid"), scope="openid email"))
        assert body(response)["scope"] == scope


def test_a_narrowed_refresh_says_so_and_keeps_the_grant() -> None:
    bench = Bench()
    narrowed = body(bench.refresh(scope="offline_access"))
    assert narrowed["scope"] == "offline_access"
    assert "id_token" not in narrowed
    fields = {"grant_type": "refresh_token", "client_id": "app"}
    again = body(bench.post(fields | {"refresh_token": narrowed["refresh_token"]}))
    assert again["scope"] == "openid offline_access"


def test_a_bound_token_is_announced_as_such() -> None:
    bench = Bench("dpop.bound_token_type")
    assert body(bench.post(bench.form(), proofs=(bench.proof(),)))["token_type"] == "Bearer"


def test_the_key_set_is_a_public_rsa_key() -> None:
    document = json.loads(Bench().get("jwks").body)
    assert set(document["keys"][0]) == {"kty", "n", "e", "use", "alg", "kid"}
