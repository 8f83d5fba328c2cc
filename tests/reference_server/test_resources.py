"""Userinfo, revocation, introspection: what they tell, refuse and end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bench import ISSUER, PUBLIC, Bench, Form, basic, body

from tokenspec.reference_server import Request, Response
from tokenspec.reference_server.keys import thumbprint

CLAIMS = {"name": "Alice", "email": "a@app.example"}


def granted(bench: Bench, **authorization: str) -> dict[str, Any]:
    return body(bench.post(bench.form(code=bench.code(**authorization))))


def manage(bench: Bench, name: str, form: Form, authorization: str = "") -> Response:
    return bench.post(form, authorization, url=bench.server.endpoint(name))


def active(bench: Bench, token: str, **form: str) -> dict[str, Any]:
    answer = manage(bench, "introspection", {"client_id": "app", "token": token} | form)
    assert answer.status == 200
    return body(answer)


def unknown(bench: Bench) -> Response:
    return bench.userinfo("made-up")


def revoked(bench: Bench) -> Response:
    token = granted(bench)["access_token"]
    assert manage(bench, "revocation", {"client_id": "app", "token": token}).status == 200
    return bench.userinfo(token)


def expired(bench: Bench) -> Response:
    token = granted(bench)["access_token"]
    bench.now += 3600
    return bench.userinfo(token)


def refresh_token(bench: Bench) -> Response:
    return bench.userinfo(granted(bench)["refresh_token"])


@pytest.mark.parametrize("probe", [unknown, revoked, expired, refresh_token])
def test_a_token_that_is_not_good_is_invalid(probe: Callable[[Bench], Response]) -> None:
    refused = probe(Bench())
    assert refused.status == 401
    assert 'Bearer realm="' in dict(refused.headers)["WWW-Authenticate"]
    assert 'error="invalid_token"' in dict(refused.headers)["WWW-Authenticate"]
    assert refused.refusal
    assert refused.refusal.guard == "resource.token_active"
    assert probe(Bench("resource.token_active")).status == 200
    assert "WWW-Authenticate" not in dict(probe(Bench("resource.challenge")).headers)


@pytest.mark.parametrize("authorization", ["", "Bearer", "Basic eDp5", "bearer "])
def test_without_a_token_there_is_a_challenge_and_no_error(authorization: str) -> None:
    request = Request("GET", f"{ISSUER}/userinfo", (("Authorization", authorization),))
    refused = Bench().server.handle(request)
    assert refused.status == 401
    assert "error" not in dict(refused.headers)["WWW-Authenticate"]
    assert Bench("resource.token_present").server.handle(request).status == 200
    told = Bench("resource.no_error_without_credentials").server.handle(request)
    assert "error" in dict(told.headers)["WWW-Authenticate"]


def test_userinfo_is_for_tokens_with_openid() -> None:
    for defects, status in (((), 403), (("resource.scope_openid",), 200)):
        bench = Bench(*defects)
        response = bench.userinfo(granted(bench, scope="offline_access")["access_token"])
        assert response.status == status
    refused = dict(Bench().userinfo("x").headers)
    assert "insufficient_scope" not in refused["WWW-Authenticate"]


# behaviour, what is seen in userinfo of the good server
USERINFO: list[tuple[str, Callable[[dict[str, Any]], bool]]] = [
    ("userinfo.sub", lambda told: "sub" in told),
    ("userinfo.same_subject", lambda told: told["sub"] == "u1"),
    ("userinfo.scope_claims", lambda told: told.get("email") == "a@app.example"),
]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("behaviour", "seen"), USERINFO, ids=[name for name, _ in USERINFO])
def test_userinfo_tells_of_the_user(
    behaviour: str, seen: Callable[[dict[str, Any]], bool], method: str
) -> None:
    for defects, holds in (((), True), ((behaviour,), False)):
        bench = Bench(*defects, claims=CLAIMS)
        token = granted(bench, scope="openid email")["access_token"]
        header = ("Authorization", f"Bearer {token}")
        told = body(bench.server.handle(Request(method, f"{ISSUER}/userinfo", (header,))))
        assert seen(told) is holds


def test_the_scheme_dpop_is_taken() -> None:
    bench = Bench("resource.scheme_dpop")
    token = bench.bound_token()
    assert bench.userinfo(token, "DPoP", bench.userinfo_proof(token)).status == 401


@pytest.mark.parametrize("name", ["revocation", "introspection"])
@pytest.mark.parametrize(
    ("form", "authorization", "error"),
    [
        ({"client_id": "app"}, "", "invalid_request"),
        ({"client_id": "nobody", "token": "x"}, "", "invalid_client"),
        ({"token": "x"}, basic("wrong"), "invalid_client"),
        ({"client_id": "basic", "token": "x"}, "", "invalid_client"),
    ],
)
def test_managing_a_token_needs_it_and_its_client(
    name: str, form: Form, authorization: str, error: str
) -> None:
    refused = manage(Bench(), name, form, authorization)
    assert body(refused)["error"] == error
    assert refused.refusal
    assert refused.refusal.requirement
    if error == "invalid_request":
        assert manage(Bench("managing.token_present"), name, form).status == 200


@pytest.mark.parametrize("hint", ["", "access_token", "refresh_token", "nonsense"])
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_revoked_token_is_dead_whatever_the_hint(kind: str, hint: str) -> None:
    bench = Bench()
    token = granted(bench)[kind]
    form = {"client_id": "app", "token": token, "token_type_hint": hint}
    assert active(bench, token)["active"] is True
    assert manage(bench, "revocation", form).status == 200
    assert active(bench, token) == {"active": False}
    assert manage(bench, "revocation", form).status == 200


def outlives(bench: Bench, token: str, revoked_token: str, **form: str) -> bool:
    fields = {"client_id": "app", "token": revoked_token} | form
    assert manage(bench, "revocation", fields).status == 200
    return active(bench, token)["active"] is True


def itself(bench: Bench) -> bool:
    token = granted(bench)["access_token"]
    return outlives(bench, token, token)


def access_of_refresh(bench: Bench) -> bool:
    answer = granted(bench)
    return outlives(bench, answer["access_token"], answer["refresh_token"])


def wrong_hint(bench: Bench) -> bool:
    token = granted(bench)["access_token"]
    return outlives(bench, token, token, token_type_hint="refresh_token")


def anothers(bench: Bench) -> bool:
    token = granted(bench)["access_token"]
    return outlives(bench, token, token, client_id="other")


# behaviour, what happens, whether the token outlives it at the good server
REVOCATION: list[tuple[str, Callable[[Bench], bool], bool]] = [
    ("revoke.kills", itself, False),
    ("revoke.cascades", access_of_refresh, False),
    ("revoke.hint_is_a_hint", wrong_hint, False),
    ("revoke.own_only", anothers, True),
]


@pytest.mark.parametrize(
    ("behaviour", "happens", "lives"), REVOCATION, ids=[case[0] for case in REVOCATION]
)
def test_revocation_and_the_removal_of_its_behaviours(
    behaviour: str,
    happens: Callable[[Bench], bool],
    lives: bool,  # noqa: FBT001 - a case of the table
) -> None:
    assert happens(Bench()) is lives
    assert happens(Bench(behaviour)) is not lives


def test_revoking_what_never_was_is_no_error() -> None:
    form = {"client_id": "app", "token": "made-up"}
    assert manage(Bench(), "revocation", form).status == 200
    assert manage(Bench("revoke.unknown_is_fine"), "revocation", form).status == 400


# behaviour, what is seen of a good token at the good server
INTROSPECTION: list[tuple[str, Callable[[dict[str, Any]], bool]]] = [
    ("introspect.active", lambda told: told["active"] is True),
    ("introspect.cnf", lambda told: told.get("cnf") == {"jkt": thumbprint(PUBLIC)}),
    ("introspect.token_type", lambda told: told["token_type"] == "DPoP"),
]


@pytest.mark.parametrize(("behaviour", "seen"), INTROSPECTION, ids=[n for n, _ in INTROSPECTION])
def test_introspection_tells_of_a_good_token(
    behaviour: str, seen: Callable[[dict[str, Any]], bool]
) -> None:
    for defects, holds in (((), True), ((behaviour,), False)):
        bench = Bench(*defects)
        assert seen(active(bench, bench.bound_token())) is holds


def test_of_a_token_that_is_not_good_nothing_is_told() -> None:
    for defects, members in (((), {"active"}), (("introspect.inactive_alone",), {"sub"})):
        bench = Bench(*defects)
        token = granted(bench)["access_token"]
        bench.now += 3600
        assert members <= set(active(bench, token))
        assert active(bench, "made-up") == {"active": False}
    assert active(Bench("introspect.inactive"), "made-up")["active"] is True


def test_a_client_is_told_of_its_own_tokens_only() -> None:
    for defects, told in (((), False), (("introspect.own_only",), True)):
        bench = Bench(*defects)
        token = granted(bench)["access_token"]
        assert active(bench, token, client_id="other")["active"] is told


def test_introspection_names_audience_and_type() -> None:
    bench = Bench()
    told = active(bench, granted(bench, audience="https://api.example/offline")["access_token"])
    assert told["aud"] == "https://api.example/offline"
    assert told["token_type"] == "Bearer"
    assert isinstance(told["exp"], int)
    assert "token_type" not in active(bench, granted(bench)["refresh_token"])
