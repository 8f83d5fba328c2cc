"""What nothing tells of a target is found out by asking it, before anything is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.preflight.sequence import make_usable
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.scenario.catalogue import BUNDLED
from tokenspec.conformance.scenario.loader import load_folders
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.target.capabilities import decide
from tokenspec.conformance.target.discovery import Discovered
from tokenspec.conformance.vocabulary import vocabulary
from tokenspec.reference_server.alterations import Alteration
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.endpoints.token import Issue
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.policies import with_policies

ISSUER = "https://server.example"
IGNORES_JKT = ("dpop.code_key", "dpop.code_proof_present")


def asked(*defects: str, switches: tuple[str, ...] = (), **stated: bool) -> Setup:
    """A setup that had to learn; `stated` is what its target file says, `_` for the hyphen.

    Its metadata names no endpoint for pushed requests, from which more would follow.
    """
    target = bundled_target(ISSUER)
    said = {name.replace("_", "-"): present for name, present in stated.items()}
    kept = {"pkce-required": True, **said}
    config = with_policies(demo_config(ISSUER), switches)
    setup = prepare_in_process(
        replace(target, capabilities=kept), config, defects, liberties=("par.none",)
    )
    return make_usable(setup)[0]


def decided(setup: Setup) -> Mapping[str, bool]:
    return {name: decision.present for name, decision in setup.decisions.items()}


def test_a_server_that_compares_the_key_is_held_to_it() -> None:
    setup = asked()
    assert decided(setup)["dpop-jkt"]
    assert setup.decisions["dpop-jkt"].reason.startswith("seen: ")
    assert not any(decision.open for decision in setup.decisions.values())


@pytest.fixture(scope="module")
def cases() -> Mapping[str, Case]:
    files = [BUNDLED / "dpop" / "binding.yaml", BUNDLED / "dpop" / "dpop.yaml"]
    scenarios = load_folders(files, vocabulary())
    return {case.key: case for scenario in scenarios for case in scenario.cases}


@pytest.mark.parametrize(
    ("stated", "bound", "known"),
    [({}, "not-applicable", "observe"), ({"dpop_jkt": True}, "fail", "observe")],
)
def test_a_server_that_passes_over_dpop_jkt_is_no_offender_unless_it_claims_it(
    cases: Mapping[str, Case], stated: dict[str, bool], bound: str, known: str
) -> None:
    keys = ["dpop-code-bound/another-key", "dpop-code-bound/no-proof"]
    alone = "dpop-code-binding-known/of-another-key"
    setup = asked(*IGNORES_JKT, switches=("no-dpop-nonce",), **stated)
    examiner = Examiner(setup, [cases[key] for key in (*keys, alone)])
    told = [str(examiner.examine(cases[key]).verdict) for key in (*keys, alone)]
    assert told == [bound, bound, known]


@pytest.mark.parametrize(
    ("switches", "nonces"), [(("dpop-nonce",), True), (("no-dpop-nonce",), False)]
)
def test_nonces_are_noticed_and_the_time_of_a_proof_is_then_no_matter(
    switches: tuple[str, ...], *, nonces: bool
) -> None:
    setup = asked(switches=switches)
    told = decided(setup)
    assert told["dpop-nonce"] is nonces
    assert told["dpop-window"] is not nonces
    assert told["dpop-without-nonce"] is not nonces
    assert setup.oracle.server.policy.dpop_nonce is nonces


def _unbound(issue: Issue, _exchange: Exchange) -> Issue:
    return replace(issue, jkt="", refresh_jkt="")


@pytest.mark.parametrize(
    ("defects", "bound", "unsaid"),
    [((), True, False), (("odd",), False, False), (("dpop.bound_token_type",), True, True)],
    ids=("bound", "unbound", "bound-unsaid"),
)
def test_who_answers_a_proof_with_a_bearer_token_is_not_asked_about_bound_ones(
    defects: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, *, bound: bool, unsaid: bool
) -> None:
    """Whether it is one is told by introspection and the resource, not by its type alone."""
    if "odd" in defects:
        odd = Alteration("odd", "RFC9449-5-bearer_allowed", "", tells={"issue": _unbound})
        monkeypatch.setattr(
            "tokenspec.reference_server.alterations.catalogue.defect_named", lambda _name: odd
        )
    setup = asked(*defects)
    assert decided(setup)["dpop-bound"] is bound
    assert decided(setup)["dpop-bound-unsaid"] is unsaid
    assert bool(setup.missing(("dpop", "dpop-bound"))) is not bound


@pytest.mark.parametrize("hidden", ["introspection", "userinfo", ""])
def test_what_shows_that_a_token_is_bound(hidden: str) -> None:
    """Its own claims, introspection (RFC 9449 §6.2), or a resource that wants a proof (§7.1)."""
    said = {hidden: False} if hidden else {}
    reason = asked("dpop.bound_token_type", **said).decisions["dpop-bound"].reason
    assert reason.endswith(
        "userinfo takes the token with a proof alone"
        if hidden == "introspection"
        else "introspection tells cnf.jkt"
    )


def test_a_bound_token_that_is_called_a_bearer_token_is_asked_for_all_that_binds(
    cases: Mapping[str, Case],
) -> None:
    setup = asked("dpop.bound_token_type")
    keys = [key for key in cases if key.startswith(("dpop-granted/", "dpop-at-userinfo/"))]
    examiner = Examiner(setup, [cases[key] for key in keys])
    told = {key: str(examiner.examine(cases[key]).verdict) for key in keys}
    assert told["dpop-granted/type-of-a-token-that-needs-a-proof"] == "fail"
    assert told["dpop-granted/at-userinfo"] == "pass"
    assert not {"not-applicable", "could-not-run"} & set(told.values()), told


def test_what_the_file_says_is_not_asked_again() -> None:
    said = {"dpop_jkt": False, "dpop_window": True, "pkce_optional": False}
    setup = asked(switches=("no-dpop-nonce",), **said)
    assert setup.decisions["dpop-jkt"].reason.startswith("the target file says")
    assert setup.counted.requests < asked(switches=("no-dpop-nonce",)).counted.requests


def test_who_takes_pushed_requests_has_to_know_dpop_jkt() -> None:
    target = replace(bundled_target(ISSUER), capabilities={})
    listed = {"dpop_signing_alg_values_supported": ["ES256"]}
    pushed = {"pushed_authorization_request_endpoint": f"{ISSUER}/par"}
    assert decide(target, Discovered(listed | pushed))["dpop-jkt"].present
    assert decide(target, Discovered(listed))["dpop-jkt"].open
    assert not decide(target, Discovered({}))["dpop-jkt"].open


def _asks_only_the_old(exchange: Exchange) -> None:
    issued = exchange.dpop.claims.get("iat", 0) if exchange.dpop else exchange.now
    if issued < exchange.now - 60:
        raise OAuthError("use_dpop_nonce", "too old to go without")


def test_a_server_that_asks_for_a_nonce_where_the_time_does_not_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As oidc-provider does where nonces are set up and not demanded."""
    odd = Alteration("odd", "RFC9449-8-nonce_optional", "", {"dpop.nonce": _asks_only_the_old})
    monkeypatch.setattr(
        "tokenspec.reference_server.alterations.catalogue.defect_named", lambda _name: odd
    )
    told = decided(asked("odd", switches=("no-dpop-nonce",)))
    assert not told["dpop-nonce"]
    assert not told["dpop-window"]


@pytest.mark.parametrize(
    ("switches", "both"),
    [((), False), (("refresh-both",), True), (("refresh-always",), False)],
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else "",
)
def test_whether_there_are_two_kinds_of_refresh_tokens_is_seen(
    switches: tuple[str, ...], *, both: bool
) -> None:
    setup = asked(switches=switches)
    assert decided(setup)["both-refresh-tokens"] is both
    assert setup.decisions["both-refresh-tokens"].reason.startswith("seen: ")


def test_a_scope_that_is_passed_over_makes_no_second_kind() -> None:
    """A server that gives a refresh token always and knows no offline_access has one kind."""
    config = with_policies(demo_config(ISSUER), ("refresh-always",))
    ordinary = replace(bundled_target(ISSUER), scope="openid", capabilities={"refresh": True})
    setup = make_usable(prepare_in_process(ordinary, config))[0]
    assert not decided(setup)["both-refresh-tokens"]
