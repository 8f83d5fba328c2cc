"""Every guard refuses what it should, and taking it out lets just that through."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from bench import CALLBACK, CONFIG, Bench, Form, basic, body, without
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from tokenspec.reference_server import (
    OAuthError,
    Policy,
    Response,
    Server,
)
from tokenspec.reference_server.guards.authorization import matches_registered
from tokenspec.reference_server.guards.code import s256


def used_code(bench: Bench) -> Response:
    form = bench.form()
    assert bench.post(form).status == 200
    return bench.post(form)


def expired_code(bench: Bench) -> Response:
    form = bench.form()
    bench.now += 61
    return bench.post(form)


def reused_refresh_token(bench: Bench) -> Response:
    fields = {"grant_type": "refresh_token", "client_id": "app"}
    fields["refresh_token"] = body(bench.post(bench.form()))["refresh_token"]
    assert bench.post(fields).status == 200
    return bench.post(fields)


def replayed_assertion(bench: Bench) -> Response:
    form = bench.assertion(jti="once")
    assert bench.post(form).status == 200
    return bench.post(form | {"code": bench.code("signer")})


Probe = Callable[[Bench], Response]
# guard, error, what is sent, other guards that see the same fault and go out with it
TOKEN_CASES: list[tuple[str, str, Probe, tuple[str, ...]]] = [
    ("request.method_post", "invalid_request", lambda b: b.post(b.form(), method="GET"), ()),
    ("request.form_encoded", "invalid_request",
     lambda b: b.post(b.form(), content_type="text/plain"), ()),
    ("request.no_repeats", "invalid_request",
     lambda b: b.post([*b.form().items(), ("code_verifier", "x")]), ()),
    ("client.one_method", "invalid_request",
     lambda b: b.post(b.form("basic", client_secret="s+%:"), basic("s+%:")),
     ("client.registered_method",)),
    ("client.id_agrees", "invalid_client",
     lambda b: b.post(b.form("basic") | {"client_id": "other"}, basic("s+%:")), ()),
    ("client.known", "invalid_client", lambda b: b.post(b.form() | {"client_id": "nobody"}), ()),
    ("client.registered_method", "invalid_client", lambda b: b.post(b.form("basic")),
     ("client.secret",)),
    ("client.secret", "invalid_client", lambda b: b.post(b.form("basic"), basic("wrong")), ()),
    ("client.assertion_type", "invalid_client",
     lambda b: b.post(without(b.assertion(), "client_assertion_type")), ()),
    ("client.assertion_signature", "invalid_client",
     lambda b: b.post(b.assertion(key=ec.generate_private_key(ec.SECP256R1()))), ()),
    ("client.assertion_issuer", "invalid_client", lambda b: b.post(b.assertion(iss="app")), ()),
    ("client.assertion_audience", "invalid_client",
     lambda b: b.post(b.assertion(aud="https://other.example")), ()),
    ("client.assertion_expiry", "invalid_client",
     lambda b: b.post(b.assertion(exp=b.now - 1)), ()),
    ("client.assertion_replay", "invalid_client", replayed_assertion, ()),
    ("code.of_this_client", "invalid_grant",
     lambda b: b.post(b.form() | {"client_id": "other"}), ()),
    ("code.unused", "invalid_grant", used_code, ("code.consumed_once",)),
    ("code.consumed_once", "invalid_grant", used_code, ("code.unused",)),
    ("code.unexpired", "invalid_grant", expired_code, ()),
    ("redirect_uri.present", "invalid_grant",
     lambda b: b.post(without(b.form(), "redirect_uri")), ()),
    ("redirect_uri.same", "invalid_grant",
     lambda b: b.post(b.form(redirect_uri=CALLBACK + "/")), ()),
    ("pkce.verifier_present", "invalid_grant",
     lambda b: b.post(without(b.form(), "code_verifier")), ()),
    ("pkce.verifier_form", "invalid_grant",
     lambda b: b.post(b.form(code=b.code(code_challenge=s256("x" * 42)), code_verifier="x" * 42)),
     ()),
    ("pkce.verifier_matches", "invalid_grant",
     lambda b: b.post(b.form(code_verifier="w" * 43)), ()),
    ("refresh.of_this_client", "invalid_grant", lambda b: b.refresh(client_id="other"), ()),
    ("refresh.active", "invalid_grant", reused_refresh_token, ("refresh.consumed_once",)),
    ("refresh.consumed_once", "invalid_grant", reused_refresh_token, ("refresh.active",)),
    ("refresh.scope_not_wider", "invalid_scope",
     lambda b: b.refresh(scope="openid email"), ()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("guard", "error", "probe", "twins"), TOKEN_CASES, ids=[case[0] for case in TOKEN_CASES]
)
def test_a_token_guard_refuses_and_its_removal_shows(
    guard: str, error: str, probe: Probe, twins: tuple[str, ...]
) -> None:
    refused = probe(Bench())
    assert body(refused)["error"] == error
    assert "access_token" not in body(refused)
    assert refused.refusal
    assert refused.refusal.guard in {guard, *twins}
    assert "access_token" in body(probe(Bench(guard, *twins)))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"code": "made-up"}, "invalid_grant"),
    ],
)
def test_what_was_never_granted_is_refused(changes: Form, error: str) -> None:
    bench = Bench()
    assert body(bench.post(bench.form() | changes))["error"] == error
    assert body(bench.post(without(bench.form(), "code")))["error"] == "invalid_request"
    refresh = {"grant_type": "refresh_token", "client_id": "app"}
    assert body(bench.post(refresh))["error"] == "invalid_request"
    assert body(bench.post(refresh | {"refresh_token": "made-up"}))["error"] == "invalid_grant"


AUTHORIZE_CASES: list[tuple[str, Form]] = [
    ("authorize.redirect_uri_registered", {"redirect_uri": "https://evil.example/"}),
    ("authorize.response_type_known", {"response_type": "token"}),
    ("authorize.challenge_present", {"code_challenge": "", "code_challenge_method": ""}),
    ("authorize.challenge_method_supported", {"code_challenge_method": "plain"}),
    ("authorize.challenge_form", {"code_challenge": "short"}),
    ("authorize.scope_form", {"scope": "openid \\"}),
    ("authorize.audience_known", {"audience": "https://unknown.example"}),
]


@pytest.mark.parametrize(("guard", "changes"), AUTHORIZE_CASES)
def test_an_authorization_guard_refuses_and_its_removal_shows(guard: str, changes: Form) -> None:
    with pytest.raises(OAuthError):
        Bench().code(**changes)
    assert Bench(guard).code(**changes)


def test_none_beside_another_prompt_is_an_error_and_not_a_page() -> None:
    with pytest.raises(OAuthError) as caught:
        Bench().code(prompt="none login")
    assert caught.value.error == "invalid_request"
    with pytest.raises(OAuthError) as caught:
        Bench("authorize.prompt_none_alone").code(prompt="none login")
    assert caught.value.error == "login-page"


def test_an_unknown_client_gets_a_page_and_no_redirect() -> None:
    changes = {"client_id": "nobody"}
    with pytest.raises(OAuthError, match="unknown client") as caught:
        Bench().code(**changes)
    assert caught.value.error == "page"
    defects = ("authorize.client_known", "authorize.redirect_uri_registered")
    assert Bench(*defects).code(**changes)


def test_a_repeated_authorization_parameter_is_refused() -> None:
    parameters = (("nonce", "1"), *Bench().authorization().items(), ("nonce", "2"))
    with pytest.raises(OAuthError, match="repeated"):
        Bench().ask(parameters)
    assert Bench("authorize.no_repeats").ask(parameters)


def test_a_verifier_without_challenge_is_refused() -> None:
    policy = Policy(pkce_required=False)

    def probe(bench: Bench) -> Response:
        return bench.post(bench.form(code=bench.code(code_challenge="", code_challenge_method="")))

    assert body(probe(Bench(policy=policy)))["error"] == "invalid_grant"
    defective = Bench("pkce.no_verifier_without_challenge", policy=policy)
    assert "access_token" in body(probe(defective))


@pytest.mark.parametrize(("behaviour", "active"), [(None, False), ("code.replay_revokes", True)])
def test_a_replayed_code_revokes_its_tokens(behaviour: str | None, active: bool) -> None:  # noqa: FBT001 - a case of the table
    bench = Bench(*([behaviour] if behaviour else []))
    form = bench.form()
    token = bench.server.store.token(body(bench.post(form))["access_token"])
    bench.post(form)
    assert token
    found = bench.server.store.token(token.value)
    assert found
    assert found.active is active


@pytest.mark.parametrize(
    ("behaviour", "status"), [(None, 400), ("refresh.reuse_revokes_family", 200)]
)
def test_a_reused_refresh_token_kills_its_family(behaviour: str | None, status: int) -> None:
    bench = Bench(*([behaviour] if behaviour else []))
    fields = {"grant_type": "refresh_token", "client_id": "app"}
    first = body(bench.post(bench.form()))["refresh_token"]
    second = body(bench.post(fields | {"refresh_token": first}))["refresh_token"]
    assert bench.post(fields | {"refresh_token": first}).status == 400
    assert bench.post(fields | {"refresh_token": second}).status == status


def test_headers_of_a_refusal() -> None:
    good, bad = Bench(), Bench("response.no_store", "response.www_authenticate")
    for bench, kept in ((good, True), (bad, False)):
        response = bench.post(bench.form("basic"), basic("wrong"))
        names = {name for name, _ in response.headers}
        assert response.status == 401
        assert ({"Cache-Control", "WWW-Authenticate"} <= names) is kept


def test_a_failed_attempt_leaves_the_code_for_the_right_one() -> None:
    bench = Bench()
    form = bench.form()
    assert bench.post(form | {"code_verifier": "w" * 43}).status == 400
    assert bench.post(form).status == 200


def test_of_many_exchanges_at_once_one_wins() -> None:
    bench, statuses = Bench(), []
    form, barrier = bench.form(), threading.Barrier(8)

    def exchange() -> None:
        barrier.wait()
        statuses.append(bench.post(form).status)

    threads = [threading.Thread(target=exchange) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, *[400] * 7]


@pytest.mark.parametrize(
    ("scope", "audience", "expected"),
    [
        ("openid offline_access", "", True),
        ("openid", "", False),
        ("openid offline_access", "https://api.example/offline", True),
        ("openid offline_access", "https://api.example/online", False),
    ],
)
def test_a_refresh_token_needs_the_scope_and_the_api(
    scope: str,
    audience: str,
    expected: bool,  # noqa: FBT001 - a case of the table
) -> None:
    bench = Bench()
    response = bench.post(bench.form(code=bench.code(scope=scope, audience=audience)))
    assert ("refresh_token" in body(response)) is expected


def test_an_unknown_defect_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown defects: nonsense"):
        Server(CONFIG, defects=["nonsense"])


@pytest.mark.parametrize(
    ("asked", "registered", "expected"),
    [
        (CALLBACK, CALLBACK, True),
        ("http://127.0.0.1:5000/cb", "http://127.0.0.1/cb", True),
        ("http://[::1]:5000/cb", "http://[::1]/cb", True),
        ("http://127.0.0.1:5000/cb?x=1", "http://127.0.0.1/cb", False),
        ("http://127.0.0.2:5000/cb", "http://127.0.0.1/cb", False),
        ("https://127.0.0.1:5000/cb", "http://127.0.0.1/cb", False),
        ("http://localhost:5000/cb", "http://localhost/cb", False),
        ("http://user@127.0.0.1:5000/cb", "http://127.0.0.1/cb", False),
        ("http://127.0.0.1:port/cb", "http://127.0.0.1/cb", False),
        (CALLBACK + "/", CALLBACK, False),
        (CALLBACK.upper(), CALLBACK, False),
        ("https://app.example:443/callback", CALLBACK, False),
    ],
)
def test_redirect_uri_matching(asked: str, registered: str, expected: bool) -> None:  # noqa: FBT001 - a case of the table
    assert matches_registered(asked, registered) is expected


@given(st.text(max_size=30))
def test_nothing_but_itself_matches_a_plain_redirect_uri(text: str) -> None:
    assert not matches_registered(CALLBACK + text, CALLBACK) or not text
    assert matches_registered(text, CALLBACK) is (text == CALLBACK)


def test_a_refresh_token_grows_old() -> None:
    bench = Bench()
    fields = {"grant_type": "refresh_token", "client_id": "app"}
    fields["refresh_token"] = body(bench.post(bench.form()))["refresh_token"]
    bench.now += 31 * 24 * 3600
    assert body(bench.post(fields))["error"] == "invalid_grant"


def test_what_is_issued_into_a_revoked_family_is_dead() -> None:
    """A replay can arrive between the first exchange and its tokens."""
    bench = Bench()
    token = bench.server.store.token(body(bench.post(bench.form()))["access_token"])
    assert token
    bench.server.store.revoke_family(token.grant.family)
    bench.server.store.add_token(replace(token, value="late"))
    late = bench.server.store.token("late")
    assert late
    assert not late.active
    assert not bench.server.store.retire_token("late")


@pytest.mark.parametrize(("defects", "expected"), [((), "json"), (("error.json_always",), "html")])
def test_an_error_is_json_whatever_the_request_prefers(
    defects: tuple[str, ...], expected: str
) -> None:
    accepting = (("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "text/html"))
    bench = Bench(*defects)
    response = bench.post(bench.form(code="made-up"), headers=accepting)
    assert dict(response.headers)["Content-Type"].endswith(expected)
