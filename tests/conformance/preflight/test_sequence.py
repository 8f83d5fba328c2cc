"""The preflight learns before a run judges: each question asked, and what its answer decides."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.conformance.preflight.odd import (
    AUTHORIZE,
    ISSUER,
    TOKEN,
    Odd,
    Serve,
    claims_of,
    path_of,
    preflight,
    prepared,
    refusal,
    right,
    with_members,
)
from tokenspec.conformance import http
from tokenspec.conformance.errors import TargetUnusable
from tokenspec.conformance.preflight.clock import compare_clocks
from tokenspec.conformance.preflight.sequence import make_usable
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.preflight.step import CheckStep
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.reference_server import Request, Response
from tokenspec.reference_server.config import Policy

REVOKE = "/oauth/revoke"
CLAIMS_OPENID = ("id_token_signing_alg_values_supported", "scopes_supported")


def step(steps: list[CheckStep], name: str) -> CheckStep:
    return next(one for one in steps if one.name == name)


def present(setup: Setup, name: str) -> bool:
    decision = setup.decisions[name]
    assert "seen: " in decision.reason, decision.reason
    return decision.present


def plain_oauth(request: Request, serve: Serve) -> Response:
    """Knows no OpenID Connect: no ID token, no word of it in the metadata."""
    response = serve(request)
    if path_of(request) == TOKEN and response.status == 200:
        return with_members(response, lambda members: members.pop("id_token", None))
    if "well-known/o" in request.url and response.status == 200:
        return with_members(response, lambda told: [told.pop(name, None) for name in CLAIMS_OPENID])
    return response


def forgetful_provider(request: Request, serve: Serve) -> Response:
    """Claims OpenID Connect and gives no ID token."""
    response = serve(request)
    if path_of(request) == TOKEN and response.status == 200:
        return with_members(response, lambda members: members.pop("id_token", None))
    return response


def narrowing(request: Request, serve: Serve) -> Response:
    """Passes over the scope openid, and says so."""

    def without(members: dict[str, Any]) -> None:
        members.pop("id_token", None)
        members["scope"] = "profile"

    response = serve(request)
    granted = path_of(request) == TOKEN and response.status == 200
    return with_members(response, without) if granted else response


@pytest.mark.parametrize("odd", [plain_oauth, narrowing])
def test_a_server_without_openid_is_not_held_to_it(odd: Odd) -> None:
    setup, steps = preflight(odd)
    assert not present(setup, "openid")
    for name in ("openid", "userinfo", "prompt-none"):
        assert setup.missing((name,)), name
    told = step(steps, "openid")
    assert not told.passed
    assert not told.failed
    assert "'scope'" in told.hint


def test_a_provider_that_gives_no_id_token_is_held_to_its_metadata() -> None:
    setup, _ = preflight(forgetful_provider)
    assert not setup.missing(("openid",))


def test_who_says_that_the_server_knows_openid_has_its_cases_run() -> None:
    setup, _ = preflight(plain_oauth, capabilities={"openid": True})
    assert setup.decisions["openid"].reason.startswith("the target file says")
    assert not setup.missing(("openid",))


def refuses_plain(request: Request, serve: Serve) -> Response:
    """Lists plain for others, and demands S256 of these clients (RFC 7636 §4.4.1)."""
    response = serve(request)
    if "well-known/o" in request.url and response.status == 200:
        methods = ["S256", "plain"]
        return with_members(
            response, lambda told: told.update(code_challenge_methods_supported=methods)
        )
    return response


def test_plain_that_is_listed_and_refused_to_the_client_is_none_of_its_methods() -> None:
    setup, _ = preflight(refuses_plain)
    assert not present(setup, "pkce-plain")
    assert "RFC 7636 §4.4.1" in setup.decisions["pkce-plain"].reason


def lazy(request: Request, serve: Serve) -> Response:
    """Serves a request without a challenge, and insists on a verifier at the token endpoint."""
    asked = path_of(request) == AUTHORIZE and "code_challenge" not in request.url
    return serve(replace(request, url=request.url + CHALLENGE)) if asked else serve(request)


CHALLENGE = f"&code_challenge={'A' * 43}&code_challenge_method=S256"
LENIENT = Policy(pkce_required=False)


@pytest.mark.parametrize(
    ("odd", "config", "demanded", "optional"),
    [
        (right, {}, True, False),
        (lazy, {}, False, False),
        (right, {"policy": LENIENT}, False, True),
    ],
    ids=["demanded", "demanded at the token endpoint", "optional"],
)
def test_whether_pkce_is_demanded_is_asked(
    odd: Odd, config: dict[str, object], *, demanded: bool, optional: bool
) -> None:
    setup, _ = preflight(odd, config=config)
    assert present(setup, "pkce-required") is demanded
    assert present(setup, "pkce-optional") is optional


def revokes_for(shown: str) -> Odd:
    """Takes requests to revoke from those alone whose request has that in it."""

    def serve_some(request: Request, serve: Serve) -> Response:
        basic = request.header("Authorization").startswith(shown)
        if path_of(request) == REVOKE and not basic:
            return Response(401)
        return serve(request)

    return serve_some


@pytest.mark.parametrize(
    ("odd", "by_main", "client"),
    [
        (right, True, "tokenspec-public"),
        (revokes_for("Basic"), False, "tokenspec-basic"),
    ],
    ids=["any client", "one with a secret"],
)
def test_who_revokes_is_asked(odd: Odd, client: str, *, by_main: bool) -> None:
    setup, _ = preflight(odd)
    assert present(setup, "revocation-by-main") is by_main
    for target in (setup.target, setup.side.target, setup.oracle.side.target):
        revoking = target.client("revoking")
        assert revoking is not None
        assert revoking.client_id == client


def test_a_server_that_revokes_for_nobody_is_held_to_it_by_the_main_client() -> None:
    setup, _ = preflight(revokes_for("nobody"))
    assert setup.decisions["revocation-by-main"].open
    assert setup.target.client("revoking") == setup.target.main


def refreshes_for_basic(request: Request, serve: Serve) -> Response:
    """Gives a refresh token to clients with a secret alone."""
    response = serve(request)
    granted = path_of(request) == TOKEN and response.status == 200
    if granted and not request.header("Authorization"):
        return with_members(response, lambda members: members.pop("refresh_token", None))
    return response


def test_which_other_client_gets_refresh_tokens_is_said() -> None:
    _, steps = preflight(refreshes_for_basic)
    said = [one for one in steps if one.name == "refresh"]
    assert "tokenspec-public got no refresh token, tokenspec-basic did" in said[-1].detail
    assert "put tokenspec-basic first" in said[-1].hint


class OnlyWithConsent:
    """Gives a refresh token where the user was asked for consent (OpenID Connect Core §11)."""

    consented = False

    def __call__(self, request: Request, serve: Serve) -> Response:
        response = serve(request)
        if path_of(request) == AUTHORIZE:
            self.consented = "prompt=consent" in request.url
        granted = path_of(request) == TOKEN and response.status == 200
        if granted and not self.consented:
            return with_members(response, lambda members: members.pop("refresh_token", None))
        return response


def test_what_brings_a_refresh_token_is_tried_and_suggested() -> None:
    setup, steps = preflight(OnlyWithConsent(), trying=True)
    assert not present(setup, "refresh")
    told = step(steps, "refresh token")
    assert "prompt=consent" in told.detail
    assert "'authorize: {prompt: consent}'" in told.hint


def wants_proofs(request: Request, serve: Serve) -> Response:
    if path_of(request) == TOKEN and not request.header("DPoP"):
        if b"never-issued" in request.body:
            return serve(request)
        return refusal("invalid_request", "this client sends DPoP proofs")
    return serve(request)


def test_a_client_that_has_to_send_proofs_sends_them() -> None:
    setup, steps = preflight(wants_proofs)
    assert present(setup, "dpop-required")
    assert not any(setup.decisions[name].present for name in ("dpop-optional", "bearer-tokens"))
    assert setup.side.always_dpop
    assert "dpop-required" in step(steps, "code exchange").detail
    assert all(one.passed for one in steps)


def inner_address(request: Request, serve: Serve) -> Response:
    """Compares htu with the address behind its proxy, and so takes no proof."""
    if path_of(request) == TOKEN and (proof := request.header("DPoP")):
        if "http://server.example" not in claims_of(proof):
            return refusal("invalid_dpop_proof", "htu mismatch")
        return serve(replace(request, headers=_without_proof(request)))
    return serve(request)


def _without_proof(request: Request) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in request.headers if pair[0].lower() != "dpop")


def test_an_address_that_the_server_takes_itself_for_is_found_and_named() -> None:
    setup, steps = preflight(inner_address)
    told = step(steps, "dpop")
    assert told.failed
    assert not told.ends_it
    assert "network: {htu: http://server.example}" in told.hint
    assert "htu mismatch" in setup.unmet["dpop"]


@pytest.mark.parametrize("changed", ["redirect_uris", "secret"])
def test_a_client_that_cannot_be_used_is_named_and_the_others_go_on(changed: str) -> None:
    target = bundled_target(ISSUER)
    wrong = {"redirect_uris": ("https://client.example/unregistered",), "secret": "old"}
    place = next(n for n, client in enumerate(target.clients) if client.auth.endswith("basic"))
    client = replace(target.clients[place], **{changed: wrong[changed]})  # type: ignore[arg-type]
    clients = (*target.clients[:place], client, *target.clients[place + 1 :])
    setup, steps = preflight(right, clients=clients)
    told = step(steps, f"clients[{place}]")
    assert told.failed
    assert not told.ends_it
    assert f"clients[{place}].{changed}" in told.hint
    assert set(setup.unusable) == {client.client_id}
    assert [one.name for one in steps if one.failed] == [f"clients[{place}]"]
    assert step(steps, "dpop").passed


def unauthorized_with_401(request: Request, serve: Serve) -> Response:
    """Answers every refusal with 401; the error code says which it is."""
    response = serve(request)
    refused = path_of(request) == TOKEN and response.status == 400
    return replace(response, status=401) if refused else response


def test_the_error_code_decides_whether_the_client_was_refused() -> None:
    _, steps = preflight(unauthorized_with_401)
    assert step(steps, "client auth").passed
    assert step(steps, "code exchange").passed


def test_clocks_that_differ_are_told_whoever_asks() -> None:
    response = http.Response(400, (("Date", "Mon, 30 Nov 2026 09:00:00 GMT"),))
    now = 1796029200.0
    assert compare_clocks(response, now, 0.0).passed
    behind = compare_clocks(response, now + 600, 0.0)
    assert behind.ends_it
    assert "clock_offset: -600" in behind.hint


def test_no_run_begins_where_nothing_could_be_judged() -> None:
    def down(request: Request, serve: Serve) -> Response:
        return refusal("invalid_grant") if path_of(request) == TOKEN else serve(request)

    with pytest.raises(TargetUnusable, match="code exchange"):
        make_usable(prepared(down))


class Nonces:
    """Gives nonces to whoever shows a proof; asks for them where it has to, and goes by them."""

    def __init__(
        self, *, demanded: bool = False, when_old: bool = False, stand: bool = False
    ) -> None:
        self.demanded = demanded  # a proof without one is turned back
        self.when_old = when_old  # the same where its time does not fit
        self.stand = stand  # the time of a proof with one is no matter

    def __call__(self, request: Request, serve: Serve) -> Response:
        proof = request.header("DPoP")
        if not proof:
            return serve(request)
        claims = json.loads(claims_of(proof))
        fitting = abs(claims["iat"] - self.now(serve)) < 60
        asked = not claims.get("nonce") and (self.demanded or (self.when_old and not fitting))
        if asked:
            return _with_nonce(refusal("use_dpop_nonce"))
        if not fitting and not (self.stand and claims.get("nonce")):
            return _with_nonce(refusal("invalid_dpop_proof", "iat"))
        return _with_nonce(serve(replace(request, headers=_without_proof(request))))

    def now(self, serve: Serve) -> float:
        clock: Callable[[], float] = serve.__self__.core.clock  # type: ignore[attr-defined]
        return clock()


def _with_nonce(response: Response) -> Response:
    return replace(response, headers=(*response.headers, ("DPoP-Nonce", "a-nonce")))


@pytest.mark.parametrize(
    ("odd", "demanded", "window"),
    [
        (Nonces(), False, True),
        (Nonces(stand=True), False, False),
        (Nonces(when_old=True), False, False),
        (Nonces(demanded=True), True, False),
    ],
    ids=["offered", "offered, and good for the time", "demanded when old", "demanded"],
)
def test_offered_demanded_and_demanded_when_old_are_three_things(
    odd: Odd, *, demanded: bool, window: bool
) -> None:
    setup, _ = preflight(odd)
    assert present(setup, "dpop-nonce-offered")
    assert present(setup, "dpop-nonce") is demanded
    assert setup.decisions["dpop-window"].present is window
    assert not present(setup, "dpop-without-nonce")


def test_a_file_that_denies_nonces_switches_no_wrong_case_on() -> None:
    setup, _ = preflight(Nonces(when_old=True), capabilities={"dpop-nonce": False})
    assert not present(setup, "dpop-window")
    assert not present(setup, "dpop-without-nonce")


def test_a_file_that_denies_demanded_nonces_does_neither() -> None:
    setup, _ = preflight(Nonces(demanded=True, stand=True), capabilities={"dpop-nonce": False})
    assert not present(setup, "dpop-window")
    assert not present(setup, "dpop-without-nonce")


def nonces_in_vain(request: Request, serve: Serve) -> Response:
    """Asks for a nonce, and gives none."""
    return refusal("use_dpop_nonce") if request.header("DPoP") else serve(request)


def test_a_nonce_that_is_demanded_and_not_given_is_left_to_the_cases_on_nonces() -> None:
    setup, steps = preflight(nonces_in_vain)
    asked = step(steps, "dpop")
    assert not asked.passed
    assert "DPoP-Nonce" in asked.hint
    assert not setup.unmet
    assert present(setup, "dpop-nonce")
