"""Prompts, hints, claims and request objects at the authorization endpoint."""

from __future__ import annotations

import json

import pytest
from bench import Bench, body

from tokenspec.reference_server import OAuthError
from tokenspec.reference_server.authorization import read_authorization
from tokenspec.reference_server.endpoints.interaction import unproven


def id_token(bench: Bench) -> str:
    return str(body(bench.post(bench.form()))["id_token"])


def test_an_own_id_token_is_a_hint_even_when_it_has_expired() -> None:
    bench = Bench()
    hint = id_token(bench)
    assert bench.code(prompt="none", id_token_hint=hint)
    bench.now += 24 * 3600
    assert bench.code(prompt="none", id_token_hint=hint)


def test_a_hint_is_not_dated_by_another_clock_than_the_servers() -> None:
    bench = Bench()
    bench.now += 100 * 365 * 24 * 3600
    assert bench.code(prompt="none", id_token_hint=id_token(bench))


def test_a_forged_id_token_is_no_hint() -> None:
    bench, careless = Bench(), Bench("authorize.hint_issued")
    for forged in (id_token(bench)[:-8] + "AAAAAAAA", "x.y.z"):
        with pytest.raises(OAuthError, match="id_token_hint"):
            bench.code(prompt="none", id_token_hint=forged)
    forged = id_token(careless)[:-8] + "AAAAAAAA"
    assert careless.code(prompt="none", id_token_hint=forged)


def test_no_code_is_issued_for_another_user_than_the_one_asked_for() -> None:
    claims = json.dumps({"id_token": {"sub": {"value": "somebody-else"}}})
    with pytest.raises(OAuthError, match="not signed in"):
        Bench().code(prompt="none", claims=claims)
    assert Bench("authorize.claimed_sub").code(prompt="none", claims=claims)


def test_a_claim_asked_for_by_itself_is_told() -> None:
    bench = Bench(claims={"email": "a@app.example", "name": "Alice"})
    code = bench.code(claims=json.dumps({"userinfo": {"email": None}}))
    granted = body(bench.post(bench.form(code=code)))
    told = body(bench.userinfo(granted["access_token"]))
    assert told["email"] == "a@app.example"
    assert "name" not in told


@pytest.mark.parametrize(
    ("guard", "changes", "error"),
    [
        ("authorize.no_request_object", {"request": "e30.e30."}, "request_not_supported"),
        ("authorize.no_request_uri", {"request_uri": "https://a"}, "request_uri_not_supported"),
        ("authorize.claims_form", {"claims": "{"}, "invalid_request"),
        ("authorize.claims_form", {"claims": "[]"}, "invalid_request"),
    ],
)
def test_what_is_not_supported_is_an_error(guard: str, changes: dict[str, str], error: str) -> None:
    with pytest.raises(OAuthError) as caught:
        Bench().code(**changes)
    assert caught.value.error == error
    assert Bench(guard).code(**changes)


@pytest.mark.parametrize(
    ("client_id", "redirect_uri", "expected"),
    [
        ("app", "http://127.0.0.1:4711/callback", True),
        ("app", "http://[::1]/callback", True),
        ("app", "https://app.example/callback", False),
        ("basic", "http://127.0.0.1:4711/callback", False),
    ],
)
def test_any_program_can_take_a_loopback_address(
    client_id: str, redirect_uri: str, *, expected: bool
) -> None:
    parameters = (("client_id", client_id), ("redirect_uri", redirect_uri))
    assert unproven(read_authorization(Bench().server.core, parameters)) is expected
