"""Nonces that a server gives: who is asked for one, where it is good, and for how long."""

from __future__ import annotations

from typing import Any

import pytest
from bench import Bench, body

from tokenspec.reference_server import Policy, Response
from tokenspec.reference_server.nonces import recent_nonces

NONCES = Policy(dpop_nonce=True)


def exchange(bench: Bench, *proofs: str) -> Response:
    return bench.post(bench.form(), proofs=proofs)


@pytest.mark.parametrize("nonce", [None, "made-up", 7, ["x"]])
def test_a_nonce_is_asked_for_and_then_taken(nonce: Any) -> None:
    bench = Bench(policy=NONCES)
    form = bench.form()
    refused = bench.post(form, proofs=(bench.proof(nonce=nonce),))
    assert refused.status == 400
    assert body(refused)["error"] == "use_dpop_nonce"
    given_nonce = dict(refused.headers)["DPoP-Nonce"]
    assert bench.post(form, proofs=(bench.proof(nonce=given_nonce),)).status == 200
    assert exchange(Bench("dpop.nonce", policy=NONCES), bench.proof(nonce=nonce)).status == 200


def test_a_nonce_grows_old() -> None:
    bench = Bench(policy=NONCES)
    nonce = recent_nonces(bench.server.core, "token")[0]
    bench.now += 300
    assert exchange(bench, bench.proof(nonce=nonce)).status == 200
    bench.now += 300
    assert body(exchange(bench, bench.proof(nonce=nonce)))["error"] == "use_dpop_nonce"


def test_without_the_behaviour_no_nonce_comes_with_the_demand() -> None:
    bench = Bench("dpop.nonce_header", policy=NONCES)
    assert "DPoP-Nonce" not in dict(exchange(bench, bench.proof()).headers)


def test_userinfo_asks_for_a_nonce_too() -> None:
    bench = Bench(policy=NONCES)
    token = bench.bound_token(nonce=recent_nonces(bench.server.core, "token")[0])
    refused = bench.userinfo(token, "DPoP", bench.userinfo_proof(token))
    assert refused.status == 401
    headers = dict(refused.headers)
    assert headers["WWW-Authenticate"].startswith("DPoP ")
    assert 'error="use_dpop_nonce"' in headers["WWW-Authenticate"]
    proof = bench.userinfo_proof(token, nonce=headers["DPoP-Nonce"])
    assert bench.userinfo(token, "DPoP", proof).status == 200


@pytest.mark.parametrize(("defects", "brought"), [((), True), (("dpop.nonce_in_success",), False)])
def test_a_success_brings_the_next_nonce(
    defects: tuple[str, ...],
    brought: bool,  # noqa: FBT001 - a case of the table
) -> None:
    bench = Bench(*defects, policy=NONCES)
    nonce = recent_nonces(bench.server.core, "token")[0]
    response = exchange(bench, bench.proof(nonce=nonce))
    token = body(response)["access_token"]
    own = recent_nonces(bench.server.core, "userinfo")[0]
    at_userinfo = bench.userinfo(token, "DPoP", bench.userinfo_proof(token, nonce=own))
    for success in (response, at_userinfo):
        assert success.status == 200
        assert ("DPoP-Nonce" in dict(success.headers)) is brought
    assert "DPoP-Nonce" not in dict(exchange(bench).headers)
    assert "DPoP-Nonce" not in dict(exchange(Bench(), Bench().proof()).headers)


@pytest.mark.parametrize(("defects", "status"), [((), 400), (("dpop.own_nonces",), 200)])
def test_a_nonce_is_good_at_its_own_endpoint(defects: tuple[str, ...], status: int) -> None:
    bench = Bench(*defects, policy=NONCES)
    nonce = recent_nonces(bench.server.core, "userinfo")[0]
    assert exchange(bench, bench.proof(nonce=nonce)).status == status
