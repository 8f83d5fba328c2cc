"""What a campaign says of one case: what it holds, what it leaves to a server, what it sends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance.fuzz.campaigns import OLD_REFRESH, OLD_REVOKED, USERINFO, against, noticed
from tokenspec.conformance.fuzz.allowed_choices import ANY, earlier_steps
from tokenspec.conformance.fuzz.calibration import calibrate
from tokenspec.conformance.fuzz.campaign import Budget, Campaign, Counterexample
from tokenspec.conformance.fuzz.documents import Document, finished
from tokenspec.conformance.fuzz.saving import save
from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.scenario.loader import load_document, load_file
from tokenspec.conformance.selftest.servers import conforming_servers
from tokenspec.conformance.verdicts import Verdict
from tokenspec.conformance.vocabulary import vocabulary


def test_rotation_is_asked_of_the_main_client_alone() -> None:
    old = {**OLD_REFRESH, "expect": "oracle"}
    content = {"base": "refresh", "then": [old]}
    made = Campaign(against("refresh.replay_accepted"), Budget(1), seed=1)
    assert made.judge(finished({**content, "client": "confidential"})) is None
    assert made.judge(finished(content)) is not None


def test_who_parts_from_a_choice_of_its_own_is_warned(tmp_path: Path) -> None:
    """A refresh by another client did no harm when it was tried first, and does now."""
    setup = against("request.no_refresh")
    made = Campaign(setup, Budget(1), seed=1)
    made.calibration = calibrate(against())
    again = {"refresh": {}, "expect": "oracle"}
    other = {"client_auth": {"client": "second"}}
    found = made.judge(finished({"base": "refresh", **other, "then": [again]}))
    assert found is not None
    assert (found.verdict, found.choice) == (Verdict.WARN, "refresh-after-wrong-client")
    (scenario,) = load_file(save(found, tmp_path), vocabulary())
    (case,) = scenario.cases
    assert Examiner(setup, (case,)).examine(case).verdict is Verdict.WARN
    assert Examiner(against(), (case,)).examine(case).verdict is Verdict.PASS


def judged(defect: str, **content: object) -> tuple[Counterexample | None, set[str]]:
    """What one case shows at a defect, and the allowed choices it met."""
    made = Campaign(against(defect), Budget(1), seed=1)
    found = made.judge(finished(content))
    return found, set(made.progress.free)


def test_an_error_that_no_text_names_is_the_servers_own_affair() -> None:
    lacking = {"token": {"grant_type": {"omit": True}}}
    found, free = judged("request.grant_type_present", base="code-exchange", **lacking)
    assert found is None
    assert len(free) == 1


def test_an_only_address_may_be_left_out_and_one_of_several_not() -> None:
    content = {"base": "code-exchange", "token": {"redirect_uri": {"omit": True}}}
    found, _ = judged("redirect_uri.present", **content)
    assert found is not None
    found, free = judged("redirect_uri.present", client="single", **content)
    assert found is None
    assert any("§3.1.3.2" in why for why in free)


def test_who_knows_dpop_jkt_is_held_to_it() -> None:
    strange = {"authorize": {"dpop_jkt": {"copy": "dpop.other_jkt"}}}
    found, _ = judged("dpop.code_key", base="code-exchange-dpop", **strange)
    assert found is not None
    assert found.divergence.guard == "dpop.code_key"


@pytest.mark.parametrize("prompt", ["none", "none login"])
def test_prompt_is_no_matter_of_a_request_without_openid(prompt: str) -> None:
    defect = "authorize.silent" if prompt == "none" else "authorize.prompt_none_alone"
    plain = {"prompt": prompt, "scope": {"omit": True}}
    found, free = judged(defect, base="authorization", session="none", authorize=plain)
    assert found is None
    assert any("without openid" in why for why in free)


def test_a_later_refresh_counts_as_one() -> None:
    """What a server may do after a refresh, it may do after the second, if the first failed."""
    lacking = {"base": "refresh", "refresh": {"grant_type": {"omit": True}}}
    then = [{"refresh": {}}, {"userinfo": {"access_token": {"copy": "token.access_token"}}}]
    document = finished({**lacking, "then": then})
    made = load_document(document, vocabulary(), area="generated", shown="x.yaml")
    oracle = against().oracle.play(made.cases[0])
    earlier = earlier_steps("userinfo", oracle, oracle.transcript)
    assert "refresh" in earlier.granted
    assert ANY in earlier.failed


@pytest.mark.parametrize("prompt", ["none", "none login"])
def test_a_page_shown_where_none_may_be_is_found(prompt: str) -> None:
    asked = {"session": "none", "authorize": {"prompt": prompt}}
    defect = "authorize.silent" if prompt == "none" else "authorize.prompt_none_alone"
    found, _ = judged(defect, base="authorization", **asked)
    assert found is not None
    assert "a page for the user" in found.divergence.observed


def test_who_asks_for_a_nonce_first_tells_no_wrong_error() -> None:
    """At Auth0's dialect nonces are for public clients, of which the other client is one."""
    conforming = conforming_servers()["auth0"]
    made = Campaign(prepare_in_process(conforming.target, conforming.config), Budget(1), seed=1)
    own, other = {"token": {}}, {"token": {}, "client_auth": {"client": "second"}}
    race = {"together": [{**step, "expect": "oracle"} for step in (own, other)]}
    again = {"authorize": {}, "expect": "oracle"}
    asked = {"base": "code-exchange-dpop", "client": "private_key_jwt", "then": [again, race]}
    assert made.judge(finished(asked)) is None


def test_a_bearer_token_is_shown_without_a_proof_that_nobody_asked_for() -> None:
    """RFC 9449 §7.1: a proof goes with a token of type DPoP; a server may refuse it elsewhere."""
    unproven = {"refresh": {}, "headers": {"DPoP": {"omit": True}}, "expect": "oracle"}
    document = finished(
        {
            "base": "code-exchange-dpop",
            "client": "confidential",
            "then": [unproven, {**USERINFO, "expect": "oracle"}],
        }
    )
    (case,) = load_document(document, vocabulary(), area="generated").cases
    *_, userinfo = against().oracle.play(case).transcript.steps
    (request,) = [exchange.request for exchange in userinfo.exchanges]
    headers = {name.lower(): value for name, value in request.headers}
    assert headers["authorization"].startswith("Bearer ")
    assert "dpop" not in headers


def test_a_refresh_for_less_has_less() -> None:
    """At a server with scopes of its own the oracle knows them too."""
    conforming = conforming_servers()["own-scope"]
    target = replace(conforming.target, scope="openid read:orders")
    setup = prepare_in_process(target, conforming.config)
    refresh = {"refresh": {"scope": "openid"}, "expect": "oracle"}
    document = finished({"base": "code-exchange", "then": [refresh]})
    (case,) = load_document(document, vocabulary(), area="generated").cases
    first, now = setup.oracle.play(case).transcript.steps[-2:]
    assert (first.received["scope"], now.received["scope"]) == ("openid read:orders", "openid")
    assert Campaign(setup, Budget(1), seed=1).judge(document) is None


def test_an_empty_value_is_not_copied() -> None:
    """Sent without value it counts as left out (RFC 6749 §3.1)."""
    revoke = {"revoke": {"token": {"copy": "refresh.refresh_token"}}, "expect": "oracle"}
    document = finished(
        {"base": "refresh", "refresh": {"refresh_token": {"empty": True}}, "then": [revoke]}
    )
    (case,) = load_document(document, vocabulary(), area="generated").cases
    transcript = against().oracle.play(case).transcript
    assert transcript.step("revoke") is None
    assert "refresh.refresh_token" in transcript.stopped


def test_a_race_begins_when_its_requests_have_the_nonce_they_need() -> None:
    """One server may ask for a newer nonce when the other does not yet."""
    document = finished({"base": "code-exchange-dpop", "http": {"at_once": 2}})
    setup = against()
    made = Campaign(setup, Budget(1), seed=1)
    assert made.judge(document) is None
    for side in (setup.side, setup.oracle.side):
        side.nonces[side.endpoints.token] = "one-of-long-ago"
        assert Campaign(setup, Budget(1), seed=1).judge(document) is None
    assert noticed(against("code.check_then_act"), document)


@pytest.mark.parametrize(
    ("base", "shown", "held"),
    [
        ("code-exchange", USERINFO, True),
        ("refresh", USERINFO, False),  # a replaced token is not a token any more
        ("refresh", {"refresh": {}}, False),
    ],
)
def test_what_ends_with_a_revoked_refresh_token(base: str, shown: Document, *, held: bool) -> None:
    """RFC 7009 §2.1: its access tokens SHOULD, another refresh token of the grant MAY."""
    then = [{**step, "expect": "oracle"} for step in (OLD_REVOKED, shown)]
    document = finished({"base": base, "then": then})
    setup = against("revoke.cascades")
    found = Campaign(setup, Budget(1), seed=1).judge(document)
    assert (found is not None) is held


def test_what_a_race_for_a_token_does_to_its_grant_is_left_to_the_server() -> None:
    """Two uses of it in turn end the family; of two at once, one may live."""
    setup = against("refresh.reuse_revokes_family")
    for steps, held in (
        ([{"together": [{"refresh": {}}, OLD_REFRESH]}], False),
        ([{"refresh": {}}, OLD_REFRESH], True),
    ):
        told = [
            {"together": [{**one, "expect": "oracle"} for one in step["together"]]}
            if "together" in step
            else {**step, "expect": "oracle"}
            for step in [*steps, USERINFO]
        ]
        document = finished({"base": "code-exchange", "then": told})
        assert (Campaign(setup, Budget(1), seed=1).judge(document) is not None) is held
    both = [{"refresh": {}, "expect": "oracle"}, {**OLD_REFRESH, "expect": "oracle"}]
    document = finished({"base": "code-exchange", "then": [{"together": both}]})
    lax = Campaign(against("refresh.replay_accepted"), Budget(1), seed=1)
    assert lax.judge(document) is not None
