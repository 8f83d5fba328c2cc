"""What a case may do to a proof, and what a play can tell of the proofs it has sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from tokenspec.conformance.checks import CHECKS, CheckContext
from tokenspec.conformance.errors import HarnessError
from tokenspec.conformance.http import Exchange, Request, Response
from tokenspec.conformance.oauth.dpop import ProofRequest, make_dpop_proof
from tokenspec.conformance.oauth.keys import base64url, base64url_decode, generate_key, self_signed
from tokenspec.conformance.oauth.signed_jwt import Signers
from tokenspec.conformance.play.memory import Memory
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.scenario.model import Answer, Change, JwtChanges, Setting, Step, StepKind
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.target.capabilities import CAPABILITIES
from tokenspec.conformance.target.discovery import Discovered
from tokenspec.conformance.target.model import Endpoints
from tokenspec.reference_server.demo import demo_config

ISSUER = "https://server.example"
URL = f"{ISSUER}/oauth/token"
OWN, OTHER = generate_key(), generate_key()
SECRET = b"a secret that anybody can read here"


@pytest.fixture(scope="module")
def new_memory() -> Callable[[], Memory]:
    side = prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER)).side
    return lambda: Memory.begin(side, Setting(dpop=True))


def proof(memory: Memory, changes: JwtChanges, nonce: str = "") -> str:
    wanted = ProofRequest("POST", URL, 1_700_000_000, "the-jti", nonce)
    return make_dpop_proof(wanted, changes, Signers(OWN, OTHER), memory)


def test_a_secret_in_the_header_signs(new_memory: Callable[[], Memory]) -> None:
    jwk = {"kty": "oct", "k": base64url(SECRET)}
    header = {"jwk": Change("value", jwk), "alg": Change("value", "HS256")}
    made = proof(new_memory(), JwtChanges(header=header, sign_with="key-in-header"))
    message, _, signature = made.rpartition(".")
    expected = hmac.digest(SECRET, message.encode(), hashlib.sha256)
    assert base64url_decode(signature) == expected
    with pytest.raises(HarnessError, match="jwk with k"):
        proof(new_memory(), JwtChanges(sign_with="key-in-header"))


def test_a_play_knows_the_claims_of_its_last_proof(new_memory: Callable[[], Memory]) -> None:
    memory = new_memory()
    memory.last_proof = proof(memory, JwtChanges(), nonce="n")
    assert (memory.recall("dpop.jti"), memory.recall("dpop.nonce")) == ("the-jti", "n")
    memory.last_proof = proof(memory, JwtChanges())
    assert memory.recall("dpop.nonce") == ""


def test_a_play_knows_the_hash_of_every_token(new_memory: Callable[[], Memory]) -> None:
    memory = new_memory()
    memory.remember("token", {}, {"access_token": "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"})
    # the token and its hash in the figures 13 and 14 of RFC 9449
    expected = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
    assert memory.recall("token.access_token_hash") == expected


def test_a_certificate_holds_the_key_it_is_of(new_memory: Callable[[], Memory]) -> None:
    memory = new_memory()
    for name, key in (("x5c", memory.dpop_key()), ("other_x5c", memory.dpop_key("other"))):
        (encoded,) = memory.recall(f"dpop.{name}")
        certificate = x509.load_der_x509_certificate(base64.b64decode(encoded))
        assert certificate.public_key() == key.private_key.public_key()
        certificate.verify_directly_issued_by(certificate)
    with pytest.raises(HarnessError, match="EC keys"):
        self_signed(generate_key("EdDSA"))


@given(st.binary())
def test_base64url_there_and_back(data: bytes) -> None:
    assert base64url_decode(base64url(data)) == data


def problems(check: str, *steps: Played) -> str:
    transcript = Transcript(Setting(), "app", ISSUER, steps)
    return "; ".join(CHECKS[check].look(steps[-1], transcript, CheckContext(ISSUER)) or ())


def played(kind: StepKind, received: dict[str, Any], *headers: tuple[str, str]) -> Played:
    response = Response(200, headers)
    request = Request("GET", URL, (("Origin", "https://app.example"),))
    exchanges = (Exchange(request, response),)
    step = Step(kind, str(kind))
    return Played(step, Answer.GRANTED, received=received, response=response, exchanges=exchanges)


@pytest.mark.parametrize(
    ("listed", "wrong"),
    [
        (["ES256", "EdDSA", "PS256"], ""),
        (["ES256", "none"], "none"),
        (["hs512", "ES256"], "hs512"),
        ([7], ""),
        ("none", ""),
    ],
)
def test_algorithms_that_prove_nothing(listed: Any, wrong: str) -> None:
    told = problems(
        "metadata-dpop-algs-asymmetric",
        played(StepKind.METADATA, {"dpop_signing_alg_values_supported": listed}),
    )
    assert told.endswith(wrong) if wrong else not told
    assert bool(told) is bool(wrong)


@pytest.mark.parametrize(
    ("value", "exposed"),
    [("dpop-nonce, X", True), ("*", True), ("X-DPoP-Nonce", False), ("", False)],
)
def test_what_a_script_may_read(value: str, *, exposed: bool) -> None:
    looked_at = played(StepKind.TOKEN, {}, ("Access-Control-Expose-Headers", value))
    assert bool(problems("cors-exposes-nonce", looked_at)) is not exposed
    assert bool(problems("cors-exposes-challenge", looked_at)) is (value != "*")


def test_the_token_got_last_counts() -> None:
    bound = played(StepKind.TOKEN, {"token_type": "dpop"})
    unbound = played(StepKind.REFRESH, {"token_type": "Bearer"})
    claims = played(StepKind.USERINFO, {"sub": "x"})
    assert problems("latest-token-unbound", unbound, bound, claims)
    assert not problems("latest-token-unbound", bound, unbound, claims)


@pytest.mark.parametrize(("url", "present"), [(URL, True), ("http://127.0.0.1:8080/token", False)])
def test_an_address_that_names_its_port(url: str, *, present: bool) -> None:
    found = Discovered(endpoints=Endpoints(token=url))
    rule = CAPABILITIES["token-at-default-port"].rule
    assert rule(bundled_target(ISSUER), found).present is present


def test_a_proof_is_read_back_by_another_library(new_memory: Callable[[], Memory]) -> None:
    made = proof(new_memory(), JwtChanges())
    assert jwt.decode(made, OWN.private_key.public_key(), ["ES256"])["jti"] == "the-jti"


@pytest.mark.parametrize(
    ("method", "status", "headers", "stored"),
    [
        ("POST", 400, [], False),
        ("POST", 200, [("Cache-Control", "max-age=60")], True),
        ("GET", 200, [], True),
        ("GET", 401, [], False),
        ("GET", 401, [("Expires", "Thu, 01 Jan 2099 00:00:00 GMT")], True),
        ("GET", 200, [("Cache-Control", "private"), ("Cache-Control", "NO-STORE")], False),
        ("GET", 200, [("Cache-Control", "no-cache")], False),
    ],
)
def test_which_nonces_a_cache_may_give_again(
    method: str, status: int, headers: list[tuple[str, str]], *, stored: bool
) -> None:
    response = Response(status, (*headers, ("DPoP-Nonce", "n")))
    step = Step(StepKind.USERINFO, "userinfo")
    exchanges = (Exchange(Request(method, URL), response),)
    shown = Played(step, Answer.GRANTED, response=response, exchanges=exchanges)
    assert bool(problems("dpop-nonce-not-stored", shown)) is stored


@pytest.mark.parametrize(
    ("token_type", "cnf", "announced", "unbound"),
    [
        ("DPoP", {"jkt": "x"}, True, False),
        ("dpop", None, True, False),
        ("Bearer", None, False, True),
        ("Bearer", {"jkt": "x"}, False, False),
        (None, None, False, True),
    ],
)
def test_what_a_token_is_announced_as(
    token_type: str | None, cnf: dict[str, str] | None, *, announced: bool, unbound: bool
) -> None:
    claims = {"sub": "u", **({"cnf": cnf} if cnf else {})}
    token = jwt.encode(claims, "a secret of 32 octets at the least", "HS256")
    got = played(StepKind.TOKEN, {"access_token": token, "token_type": token_type})
    assert bool(problems("token-type-dpop", got)) is not announced
    assert bool(problems("access-token-unbound", got)) is not unbound
