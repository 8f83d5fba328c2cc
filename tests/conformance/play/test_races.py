"""Races of different requests: noticed where they break something, whichever came first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tokenspec.conformance.fuzz.campaign import Budget, Campaign
from tokenspec.conformance.fuzz.documents import finished
from tokenspec.conformance.fuzz.operations import OPERATIONS, members
from tokenspec.conformance.fuzz.saving import as_scenario
from tokenspec.conformance.http import Request, Response, Transport
from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.loader import load_document
from tokenspec.conformance.scenario.model import Answer, Case
from tokenspec.conformance.scenario.wording import changes_in_words
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.verdicts import Verdict
from tokenspec.conformance.vocabulary import vocabulary
from tokenspec.reference_server.demo import demo_config

ISSUER = "https://server.example"
REVOKED = "refresh-beside-its-revocation/the-token"
CASES: Mapping[str, Case] = {
    case.key: case for case in whole_suite() if any(step.concurrent_group for step in case.steps)
}


def against(*defects: str) -> Setup:
    return prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER), defects)


def examine(key: str, setup: Setup) -> Finding:
    return Examiner(setup, [CASES[key]]).examine(CASES[key])


@pytest.mark.parametrize(
    ("key", "defect", "verdict"),
    [
        (REVOKED, "refresh.undoes_revocation", Verdict.FAIL),
        ("refresh-beside-its-revocation/its-access-token", "refresh.overlooked", Verdict.WARN),
        ("refresh-beside-its-revocation/its-successor", "refresh.overlooked", Verdict.OBSERVE),
        (
            "refresh-beside-a-replaced-token/two-generations-old",
            "refresh.overlooked",
            Verdict.FAIL,
        ),
        ("code-beside-a-wrong-attempt/wrong-verifier", "code.answer_shared", Verdict.FAIL),
        ("code-beside-a-wrong-attempt/another-client", "code.answer_shared", Verdict.FAIL),
    ],
)
def test_a_race_is_noticed(key: str, defect: str, verdict: Verdict) -> None:
    assert examine(key, against(defect)).verdict is verdict
    assert examine(key, against()).verdict is Verdict.PASS


def test_every_order_is_right_and_the_oracle_has_played_them_all() -> None:
    oracle = against().oracle.play(CASES[REVOKED])
    answers = [
        {p.step.name: p.answer for p in one.transcript.steps if p.step.concurrent_group}
        for one in oracle.orders
    ]
    assert answers == [
        {"refresh": Answer.GRANTED, "revoke": Answer.GRANTED},
        {"revoke": Answer.GRANTED, "refresh": Answer.REFUSED},
    ]


@pytest.mark.parametrize(
    ("key", "defect"),
    [
        ("refresh-beside-its-revocation/its-access-token", "revoke.cascades"),
        ("refresh-beside-a-replaced-token/two-generations-old", "refresh.reuse_revokes_family"),
        ("refresh-beside-a-replaced-token/two-generations-old", "refresh.replay_accepted"),
    ],
)
def test_what_happens_in_turn_as_well_is_no_finding_of_a_race(key: str, defect: str) -> None:
    assert examine(key, against(defect)).verdict is Verdict.OBSERVE


class Failing:
    """The server, but for one endpoint that fails."""

    def __init__(self, inner: Transport, ending: str, status: int) -> None:
        self.inner, self.ending, self.status = inner, ending, status

    def send(self, request: Request) -> Response:
        if request.url.endswith(self.ending):
            return Response(self.status, (), b"{}")
        return self.inner.send(request)


@pytest.mark.parametrize("status", [503, 400])
def test_a_revocation_that_was_not_made_accuses_nobody(status: int) -> None:
    setup = against("refresh.undoes_revocation")
    connect = setup.side.connect
    side = replace(setup.side, connect=lambda: Failing(connect(), "/oauth/revoke", status))
    found = examine(REVOKED, replace(setup, side=side))
    assert (found.verdict, "revocation" in found.note) == (Verdict.COULD_NOT_RUN, True)


def test_a_race_is_told_in_words() -> None:
    assert "refresh and revoke: at the same moment" in changes_in_words(CASES[REVOKED])


def race(*steps: Mapping[str, Any], then: Mapping[str, Any]) -> dict[str, Any]:
    together = [{**step, "expect": "oracle"} for step in steps]
    following = {**then, "expect": "oracle"}
    return finished({"base": "code-exchange", "then": [{"together": together}, following]})


REVOKED_BESIDE = race(
    {"refresh": {}},
    {"revoke": {"token": {"copy": "token.refresh_token"}}},
    then={"userinfo": {"access_token": {"copy": "refresh.access_token"}}},
)
REPLACED_BESIDE = {
    **race(
        {"refresh": {}},
        {"refresh": {"refresh_token": {"copy": "token.refresh_token"}}},
        then={"refresh": {}},
    ),
    "base": "refresh",
}


def test_a_generated_race_is_held_against_every_order() -> None:
    setup = against("refresh.overlooked")
    plays = (Campaign(setup, Budget(1), seed=1).judge(REPLACED_BESIDE) for _ in range(12))
    found = next(filter(None, plays), None)
    assert found is not None
    assert found.divergence.requirement == "RFC9700-4.14.2-rotation_replay_revokes_family"
    (case,) = load_document(as_scenario(found), vocabulary(), area="generated").cases
    assert Examiner(setup, (case,)).examine(case).verdict is Verdict.FAIL
    good = against()
    assert Campaign(good, Budget(1), seed=1).judge(REPLACED_BESIDE) is None
    assert Examiner(good, (case,)).examine(case).verdict is Verdict.PASS


def test_a_token_replaced_a_moment_before_its_revocation_ends_nothing() -> None:
    """Which came first is the server's, and a replaced token is not a token any more."""
    setup = against("refresh.overlooked")
    assert Campaign(setup, Budget(1), seed=1).judge(REVOKED_BESIDE) is None


@pytest.mark.parametrize("turned", [False, True])
def test_the_order_at_the_target_is_no_finding(*, turned: bool) -> None:
    """The oracle is asked in both; a target begins with the first in the list."""
    steps: list[Mapping[str, Any]] = [
        {"token": {}},
        {"token": {"code_verifier": {"change_last": 1}}},
    ]
    made = race(*(reversed(steps) if turned else steps), then={"userinfo": {}})
    made["then"].insert(0, {"authorize": {}, "expect": "oracle"})
    assert Campaign(against(), Budget(1), seed=1).judge(made) is None


def test_races_are_among_what_is_generated() -> None:
    races = [step for one in OPERATIONS for step in one.steps if len(members(step)) > 1]
    assert {frozenset(kind for one in members(step) for kind in one) for step in races} >= {
        frozenset({"refresh", "revoke"}),
        frozenset({"token"}),
    }
