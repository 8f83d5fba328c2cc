"""Each check of a DPoP proof refuses what it should, and its removal lets just that through."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import jwt
import pytest
from bench import ISSUER, KEY, PUBLIC, Bench, basic, body, signed
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenspec.reference_server import Request, Response
from tokenspec.reference_server.grants import DPOP
from tokenspec.reference_server.keys import base64url, thumbprint

OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(OTHER_KEY.public_key()))
PEM = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
RSA_KEY = rsa.generate_private_key(65537, 2048)
SMALL_KEY = rsa.generate_private_key(65537, 1024)  # noqa: S505 - it has to be refused
P384_KEY = ec.generate_private_key(ec.SECP384R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
HOUR = 3600


def numbered(cases: Sequence[tuple[str, Any, Any]]) -> list[str]:
    return [f"{case[0]}-{number}" for number, case in enumerate(cases)]


def rsa_jwk(key: rsa.RSAPrivateKey) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return made


P384 = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(P384_KEY.public_key()))
ED = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(ED_KEY.public_key()))


def exchange(bench: Bench, *proofs: str, **form: str) -> Response:
    return bench.post(bench.form(**form), proofs=proofs)


def twice(bench: Bench) -> Response:
    proof = bench.proof()
    assert exchange(bench, proof).status == 200
    return exchange(bench, proof)


Probe = Callable[[Bench], Response]
# guard, the proof that is refused, other guards that see the same fault and go out with it
PROOF_CASES: list[tuple[str, Probe, tuple[str, ...]]] = [
    ("dpop.single_header", lambda b: exchange(b, b.proof(), b.proof()), ()),
    ("dpop.well_formed", lambda b: exchange(b, b.proof() + ", " + b.proof()), ()),
    ("dpop.crit", lambda b: exchange(b, b.proof({"crit": ["x"], "x": 1})), ()),
    ("dpop.typ", lambda b: exchange(b, b.proof({"typ": "JWT"})), ()),
    ("dpop.typ", lambda b: exchange(b, b.proof({"typ": None})), ()),
    ("dpop.alg", lambda b: exchange(b, b.proof({"alg": "HS256"}, key=PEM, signed_by="HS256")), ()),
    ("dpop.alg",
     lambda b: exchange(b, b.proof({"alg": "none"}).rpartition(".")[0] + "."), ()),
    ("dpop.jwk_present", lambda b: exchange(b, b.proof({"jwk": None})), ("dpop.signature",)),
    ("dpop.jwk_fits_alg",
     lambda b: exchange(b, b.proof({"jwk": P384}, key=P384_KEY)), ()),
    ("dpop.jwk_public", lambda b: exchange(b, b.proof({"jwk": PUBLIC | {"d": "AQ"}})), ()),
    ("dpop.rsa_key_size",
     lambda b: exchange(b, b.proof({"alg": "RS256", "jwk": rsa_jwk(SMALL_KEY)}, key=SMALL_KEY,
                                   signed_by="RS256")), ()),
    ("dpop.signature", lambda b: exchange(b, b.proof(key=OTHER_KEY)), ()),
    ("dpop.jti_present", lambda b: exchange(b, b.proof(jti=None)), ()),
    ("dpop.jti_present", lambda b: exchange(b, b.proof(jti="")), ()),
    ("dpop.jti_present", lambda b: exchange(b, b.proof(jti=7)), ()),
    ("dpop.htm_present", lambda b: exchange(b, b.proof(htm=None)), ()),
    ("dpop.htu_present", lambda b: exchange(b, b.proof(htu=None)), ()),
    ("dpop.iat_present", lambda b: exchange(b, b.proof(iat=None)), ()),
    ("dpop.iat_present", lambda b: exchange(b, b.proof(iat=str(b.now))), ()),
    ("dpop.iat_present", lambda b: exchange(b, b.proof(iat=True)), ()),
    ("dpop.htm", lambda b: exchange(b, b.proof(htm="GET")), ()),
    ("dpop.htm", lambda b: exchange(b, b.proof(htm="post")), ()),
    ("dpop.htu", lambda b: exchange(b, b.proof(htu=f"{ISSUER}/oauth/token/more")), ()),
    ("dpop.htu", lambda b: exchange(b, b.proof(htu="https://other.example/oauth/token")), ()),
    ("dpop.not_old", lambda b: exchange(b, b.proof(iat=b.now - HOUR)), ()),
    ("dpop.not_in_the_future", lambda b: exchange(b, b.proof(iat=b.now + HOUR)), ()),
    ("dpop.unexpired", lambda b: exchange(b, b.proof(exp=b.now)), ()),
    ("dpop.unexpired", lambda b: exchange(b, b.proof(exp="soon")), ()),
    ("dpop.not_before", lambda b: exchange(b, b.proof(nbf=b.now + HOUR)), ()),
    ("dpop.not_before", lambda b: exchange(b, b.proof(nbf=True)), ()),
    ("dpop.jti_unseen", twice, ()),
    ("dpop.code_key",
     lambda b: exchange(b, b.proof(), code=b.code(dpop_jkt=thumbprint(OTHER))), ()),
    ("dpop.code_proof_present",
     lambda b: exchange(b, code=b.code(dpop_jkt=thumbprint(PUBLIC))), ()),
]  # fmt: skip


@pytest.mark.parametrize(("guard", "probe", "twins"), PROOF_CASES, ids=numbered(PROOF_CASES))
def test_a_proof_is_refused_and_the_removal_of_its_guard_shows(
    guard: str, probe: Probe, twins: tuple[str, ...]
) -> None:
    refused = probe(Bench())
    assert refused.status == 400
    assert body(refused)["error"] == "invalid_dpop_proof"
    assert refused.refusal
    assert refused.refusal.guard == guard
    assert probe(Bench(guard, *twins)).status == 200


def test_every_guard_of_the_proof_is_in_the_table() -> None:
    assert {guard.name for guard in DPOP} - {case[0] for case in PROOF_CASES} == {"dpop.nonce"}


@pytest.mark.parametrize(
    ("alg", "key", "jwk"),
    [
        ("ES256", KEY, PUBLIC),
        ("ES384", P384_KEY, P384),
        ("RS256", RSA_KEY, rsa_jwk(RSA_KEY)),
        ("PS256", RSA_KEY, rsa_jwk(RSA_KEY)),
        ("EdDSA", ED_KEY, ED),
    ],
)
def test_a_proof_of_every_listed_algorithm_binds_the_token(
    alg: str, key: Any, jwk: dict[str, Any]
) -> None:
    bench = Bench()
    proof = bench.proof({"alg": alg, "jwk": jwk}, key=key, signed_by=alg)
    response = exchange(bench, proof)
    assert body(response)["token_type"] == "DPoP"
    token = bench.server.store.token(body(response)["access_token"])
    assert token
    assert token.jkt == thumbprint(jwk)


@pytest.mark.parametrize(
    "claims",
    [
        {"iat": 0.5},
        {"htu": "HTTPS://AS.EXAMPLE:443/oauth/token?x#y"},
        {"extra": [1]},
        {"jti": "\ud800"},
        {"jti": "j" * 10_000},
    ],
)
def test_an_unusual_proof_that_is_right(claims: dict[str, Any]) -> None:
    bench = Bench()
    if "iat" in claims:
        claims = {"iat": bench.now + claims["iat"]}
    assert exchange(bench, bench.proof(**claims)).status == 200


def test_a_thumbprint_is_made_of_the_members_that_make_the_key() -> None:
    """The example of RFC 7638 §3.1, with members that do not count."""
    jwk = {
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1"
        "L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4"
        "QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO"
        "pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF"
        "Cur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
    }
    known = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert thumbprint(jwk) == known
    assert thumbprint(jwk | {"alg": "RS256", "kid": "x", "x": [[1]], "crv": "P-256"}) == known


@pytest.mark.parametrize(
    "proof",
    [
        "", ".", "..", "a.b.c", "a.b.c.d", "e30.e30.AA", "W10.e30.AA", "e30.W10.AA", "é.\x00.ü",
        "=" * 50, "a" * 1_000_000, base64url(b'{"a":' * 50_000) + ".e30.AA",
        base64url(b"[" * 100_000 + b"]" * 100_000) + ".e30.AA", base64url(b"\xff") + ".e30.AA",
    ],
    ids=range(14),
)  # fmt: skip
def test_what_is_no_jwt_is_an_invalid_proof(proof: str) -> None:
    assert body(exchange(Bench(), proof))["error"] == "invalid_dpop_proof"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
HEADERS = st.dictionaries(st.sampled_from(["typ", "alg", "jwk", "crit", "kid"]), JSON, max_size=3)
CLAIMS = st.dictionaries(st.sampled_from(["jti", "htm", "htu", "iat", "nonce"]), JSON, max_size=3)
MEMBERS = st.dictionaries(
    st.sampled_from(["kty", "crv", "x", "y", "n", "e"]), JSON | st.just("AQAB"), max_size=6
)
BENCH = Bench()


@settings(max_examples=150)
@given(header=HEADERS, claims=CLAIMS)
def test_no_header_or_claim_upsets_the_server(
    header: dict[str, Any], claims: dict[str, Any]
) -> None:
    response = exchange(BENCH, BENCH.proof(header, **claims))
    assert response.status == 200 or body(response)["error"] == "invalid_dpop_proof"


@settings(max_examples=150)
@given(jwk=MEMBERS, alg=st.sampled_from(["ES256", "ES384", "RS256", "PS256", "EdDSA"]))
def test_no_key_upsets_the_server(jwk: dict[str, Any], alg: str) -> None:
    kty = {"ES": "EC", "Ed": "OKP"}.get(alg[:2], "RSA")
    response = exchange(BENCH, BENCH.proof({"alg": alg, "jwk": {"kty": kty} | jwk}))
    assert body(response)["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_that_is_none_is_no_time(number: float) -> None:
    bench = Bench()
    assert body(exchange(bench, bench.proof(iat=number)))["error"] == "invalid_dpop_proof"


def test_a_bad_proof_uses_up_no_code() -> None:
    bench = Bench()
    form = bench.form()
    assert bench.post(form, proofs=(bench.proof(htm="GET"),)).status == 400
    assert bench.post(form, proofs=(bench.proof(),)).status == 200


def test_without_a_proof_the_token_is_a_bearer_token() -> None:
    assert body(exchange(Bench()))["token_type"] == "Bearer"


def refreshed(bench: Bench, *proofs: str) -> Response:
    granted = body(exchange(bench, bench.proof()))
    fields = {"grant_type": "refresh_token", "client_id": "app"}
    return bench.post(fields | {"refresh_token": granted["refresh_token"]}, proofs=proofs)


@pytest.mark.parametrize(
    ("guard", "other_key"),
    [("dpop.refresh_key", True), ("dpop.refresh_proof_present", False)],
)
@pytest.mark.parametrize("defect", ["guard", "dpop.refresh_bound"])
def test_a_public_clients_refresh_token_is_bound(
    guard: str,
    other_key: bool,  # noqa: FBT001 - a case of the table
    defect: str,
) -> None:
    def probe(bench: Bench) -> Response:
        proof = bench.proof({"jwk": OTHER}, key=OTHER_KEY)
        return refreshed(bench, *([proof] if other_key else []))

    assert body(probe(Bench()))["error"] == "invalid_grant"
    assert probe(Bench(guard if defect == "guard" else defect)).status == 200
    bench = Bench()
    assert body(refreshed(bench, bench.proof()))["token_type"] == "DPoP"


def test_a_confidential_clients_refresh_token_is_not_bound() -> None:
    bench = Bench()
    granted = body(bench.post(bench.form("basic"), basic("s+%:"), proofs=(bench.proof(),)))
    fields = {"grant_type": "refresh_token", "refresh_token": granted["refresh_token"]}
    response = bench.post(fields, basic("s+%:"))
    assert body(response)["token_type"] == "Bearer"


def unbound_as_dpop(bench: Bench) -> Response:
    token = body(exchange(bench))["access_token"]
    return bench.userinfo(token, "DPoP", bench.userinfo_proof(token))


# guard, what is done with a bound token, other guards that see the same fault
RESOURCE_CASES: list[tuple[str, Callable[[Bench, str], Response], tuple[str, ...]]] = [
    ("resource.bound_not_as_bearer", lambda b, token: b.userinfo(token), ()),
    ("resource.proof_present", lambda b, token: b.userinfo(token, "DPoP"), ()),
    ("dpop.ath", lambda b, token: b.userinfo(token, "DPoP", b.userinfo_proof(token, ath=None)), ()),
    ("dpop.ath", lambda b, token: b.userinfo(token, "DPoP", b.userinfo_proof(token, ath="x")), ()),
    ("dpop.htm", lambda b, token: b.userinfo(token, "DPoP", b.userinfo_proof(token, htm="POST")),
     ()),
    ("dpop.htu",
     lambda b, token: b.userinfo(token, "DPoP", b.userinfo_proof(token, htu=f"{ISSUER}/token")),
     ()),
    ("dpop.token_key",
     lambda b, token: b.userinfo(token, "DPoP", b.userinfo_proof(
         token, header={"jwk": OTHER}, key=OTHER_KEY)), ()),
    ("dpop.token_key", lambda b, _: unbound_as_dpop(b), ()),
]  # fmt: skip


@pytest.mark.parametrize(("guard", "probe", "twins"), RESOURCE_CASES, ids=numbered(RESOURCE_CASES))
def test_userinfo_refuses_and_the_removal_of_its_guard_shows(
    guard: str, probe: Callable[[Bench, str], Response], twins: tuple[str, ...]
) -> None:
    bench = Bench()
    refused = probe(bench, bench.bound_token())
    assert refused.status == 401
    assert refused.refusal
    assert refused.refusal.guard == guard
    assert f'error="{body(refused)["error"]}"' in dict(refused.headers)["WWW-Authenticate"]
    defective = Bench(guard, *twins)
    assert probe(defective, defective.bound_token()).status == 200


def test_a_bound_token_opens_userinfo_with_its_proof() -> None:
    bench = Bench()
    token = bench.bound_token()
    assert body(bench.userinfo(token, "DPoP", bench.userinfo_proof(token)))["sub"] == "u1"


def test_a_jwt_for_another_purpose_is_no_proof() -> None:
    bench = Bench()
    assertion = signed({"alg": "ES256"}, {"iss": "app"})
    assert body(exchange(bench, assertion))["error"] == "invalid_dpop_proof"


def test_tokens_in_two_schemes_at_once_are_refused() -> None:
    def probe(bench: Bench) -> Response:
        token = bench.bound_token()
        proof = bench.userinfo_proof(token)
        shown = (("Authorization", f"DPoP {token}"), ("Authorization", "Bearer x"), ("DPoP", proof))
        return bench.server.handle(Request("GET", f"{ISSUER}/userinfo", shown))

    refused = probe(Bench())
    assert (refused.status, body(refused)["error"]) == (400, "invalid_request")
    assert probe(Bench("resource.one_authorization")).status == 200


@pytest.mark.parametrize(("defects", "key"), [((), OTHER), (("dpop.key_of_the_proof",), PUBLIC)])
def test_a_refreshed_token_belongs_to_the_key_of_the_refresh(
    defects: tuple[str, ...], key: dict[str, Any]
) -> None:
    bench = Bench(*defects)
    granted = body(bench.post(bench.form("basic"), basic("s+%:"), proofs=(bench.proof(),)))
    fields = {"grant_type": "refresh_token", "refresh_token": granted["refresh_token"]}
    proof = bench.proof({"jwk": OTHER}, key=OTHER_KEY)
    refreshed = body(bench.post(fields, basic("s+%:"), proofs=(proof,)))
    token = bench.server.store.token(refreshed["access_token"])
    assert token
    assert token.jkt == thumbprint(key)
