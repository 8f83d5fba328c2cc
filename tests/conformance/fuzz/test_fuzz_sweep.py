"""The systematic part of a campaign, what it begins with, and how a finding is made small."""

from __future__ import annotations

import json
from random import Random

import pytest

from tokenspec.conformance.fuzz.campaign import Budget, Campaign
from tokenspec.conformance.fuzz.documents import (
    MOST_DEVIATIONS,
    bases,
    deviations,
    finished,
    fits,
    seeds_of,
)
from tokenspec.conformance.fuzz.places import add, changed, changes_of
from tokenspec.conformance.fuzz.reduction import smaller
from tokenspec.conformance.fuzz.sweep import pairs, singles
from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.scenario.loader import load_document
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.target.capabilities import CAPABILITIES
from tokenspec.conformance.vocabulary import vocabulary
from tokenspec.reference_server.demo import demo_config

ISSUER = "https://server.example"
ALL = frozenset(CAPABILITIES)


def against(*defects: str, requests: int = 1) -> Campaign:
    setup = prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER), defects)
    return Campaign(setup, Budget(3600, requests), seed=3)


def test_every_document_of_the_sweep_is_a_scenario_with_few_deviations() -> None:
    for document in singles(ALL, Random(1)):
        load_document(document, vocabulary(), area="generated")
        content = {key: value for key, value in document.items() if key != "id"}
        assert deviations(content) <= MOST_DEVIATIONS
    for document in pairs(ALL, Random(1))[:200]:
        load_document(document, vocabulary(), area="generated")


def test_the_sweep_makes_every_change_there_is() -> None:
    wanted = {
        json.dumps(fragment)
        for base in bases(ALL)
        for places in changes_of(base).values()
        for made in places.values()
        for fragment in made
    }
    played = {
        json.dumps({key: value})
        for document in singles(ALL, Random(1))
        for key, value in document.items()
    }
    free_of_clients = {f for f in wanted if '"registered": "other"' not in f}
    assert free_of_clients <= played


def test_the_same_seed_sweeps_in_the_same_order() -> None:
    assert singles(ALL, Random(5)) == singles(ALL, Random(5))
    assert singles(ALL, Random(5)) != singles(ALL, Random(6))


def test_seeds_need_what_their_cases_need() -> None:
    few = seeds_of(ALL - {"dpop"})
    assert few
    assert not any(seed.content["base"].endswith("dpop") for seed in few)
    assert len(few) < len(seeds_of(ALL))


def test_a_change_stands_beside_others_and_replaces_one_of_its_place() -> None:
    content = {"base": "code-exchange-dpop", "dpop": {"claims": {"htm": 7}}}
    add(content, {"dpop": {"claims": {"htu": "x"}}})
    add(content, {"dpop": {"claims": {"htm": "GET"}}})
    add(content, {"token": {"code": {"omit": True}}})
    assert content["dpop"] == {"claims": {"htm": "GET", "htu": "x"}}
    assert changed(content) == len({"htm", "htu", "code"})


def test_a_client_with_one_redirect_uri_is_not_asked_for_another() -> None:
    for step in ("authorize", "token"):
        fragment = {step: {"redirect_uri": {"registered": "other"}}}
        assert fits({"base": "code-exchange"}, fragment)
        assert not fits({"base": "code-exchange", "client": "public"}, fragment)


def test_changes_are_not_shared_between_documents() -> None:
    fragment = {"dpop": {"claims": {"htm": 7}}}
    first: dict[str, object] = {}
    add(first, fragment)
    add(first, {"dpop": {"claims": {"htu": "x"}}})
    assert fragment == {"dpop": {"claims": {"htm": 7}}}


def test_whatever_lacks_something_is_still_a_scenario() -> None:
    for document in (*singles(ALL, Random(2))[:150], *pairs(ALL, Random(2))[:50]):
        for less in smaller(document):
            load_document(less, vocabulary(), area="generated")
            assert less["id"] != document["id"]


def test_a_finding_is_made_as_small_as_it_gets() -> None:
    """One thing of this case shows the defect, and nothing else is left of it."""
    campaign = against("pkce.verifier_matches")
    idle = {"introspect": {}, "expect": "oracle"}
    found = campaign.judge(
        finished(
            {
                "base": "userinfo",
                "client": "confidential",
                "authorize": {"state": {"append": "a"}},
                "token": {"code_verifier": {"change_last": 1}, "tokenspec_unknown": "x"},
                "then": [idle, idle],
            }
        )
    )
    assert found is not None
    campaign.keep(found)
    (kept,) = campaign.progress.found
    played = {"base", "client", "authorize", "token", "then"} & set(kept.document)
    assert {key: kept.document[key] for key in played} == {
        "base": "code-exchange",
        "token": {"code_verifier": {"change_last": 1}},
    }


@pytest.mark.parametrize("seed", range(2))
def test_a_fault_of_one_place_is_found_by_the_sweep(seed: int) -> None:
    setup = prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER), ("dpop.htu",))
    swept = len(singles(Campaign(setup, Budget(1), seed=seed).present, Random(seed)))
    made: list[Campaign] = []

    def clock() -> float:
        progress = made[0].progress if made else None
        return float(progress is not None and bool(progress.found or progress.cases > swept))

    made.append(Campaign(setup, Budget(1), seed=seed, clock=clock))
    assert [found.divergence.guard for found in made[0].run().found] == ["dpop.htu"]


def test_a_proof_that_cannot_be_read_can_be_followed_by_another() -> None:
    campaign = against()
    proof = {"header": {"b64": False}, "claims": {"jti": {"copy": "dpop.jti"}}}
    again = {"userinfo": {}, "dpop": {"claims": {"jti": {"copy": "dpop.jti"}}}, "expect": "oracle"}
    assert (
        campaign.judge(finished({"base": "userinfo-dpop", "dpop": proof, "then": [again]})) is None
    )
    assert campaign.progress.cases == 1
