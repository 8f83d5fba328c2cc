"""What is in doubt is played again, alone: broken twice counts, broken once is unsteady."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count, cycle

import pytest

from tests.conformance.run.odd_servers import (
    Crowded,
    Lucky,
    OneRefreshToken,
    OneSession,
    ReplayEndsAll,
    setup_at,
)
from tokenspec.conformance.http import Request, Response
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.concurrency import ConcurrencyLimit
from tokenspec.conformance.run.confirmation import Confirmation
from tokenspec.conformance.run.engine import Engine
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.verdicts import Kind, Verdict

FAILING = "pkce-verifier-wrong/last-character-changed"
ACCUSING = (Verdict.FAIL, Verdict.WARN, Verdict.COULD_NOT_RUN)
SHARED = ("refresh", "code", "silent_auth", "id_token")  # areas whose cases share a user's things


@functools.cache
def suite() -> tuple[Case, ...]:
    return tuple(whole_suite())


def chosen(*words: str) -> list[Case]:
    return [case for case in suite() if {case.key, case.scenario, case.area} & {*words}]


def examined(setup: Setup, cases: Sequence[Case], *, jobs: int = 4) -> dict[str, Finding]:
    engine = Engine(setup, cases, jobs=jobs, seed=3)
    try:
        engine.submit(cases)
        return {case.key: engine.finding(case) for case in cases}
    finally:
        engine.close()


def accused(found: Iterable[Finding]) -> list[str]:
    return [f"{one.key}: {one.verdict}: {one.note}" for one in found if one.verdict in ACCUSING]


def test_what_is_broken_twice_is_confirmed() -> None:
    case = chosen(FAILING)[0]
    found = examined(setup_at(defects=("pkce.verifier_matches",)), [case])[case.key]
    assert (found.verdict, found.confirmed, found.second_play) == (Verdict.FAIL, True, None)


def test_what_passes_is_played_once() -> None:
    case = chosen(FAILING)[0]
    setup = setup_at()
    found = examined(setup, [case])[case.key]
    assert (found.verdict, found.confirmed) == (Verdict.PASS, None)
    assert setup.counted.codes == 3  # of the premise, the control and the case


def granted_by_luck(request: Request) -> bool:
    return b"code_verifier" in request.body


def a_token(answer: Response) -> Response:
    body = b'{"access_token": "a", "token_type": "Bearer", "expires_in": 60}'
    plain = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    return replace(answer, status=200, headers=plain, body=body)


def test_what_is_broken_once_is_unsteady_and_shows_both_answers() -> None:
    """The fourth token request is its own: after a premise, the control and the case before."""
    first, case = chosen("pkce-verifier-wrong")[:2]
    setup = setup_at(wire=lambda inner: Lucky(inner, granted_by_luck, a_token, 4), jobs=1)
    found = examined(setup, [first, case], jobs=1)[case.key]
    assert found.verdict is Verdict.UNSTEADY
    assert found.confirmed is None
    assert found.kind == "accepted"
    assert found.second_play is not None
    assert found.second_play.verdict is Verdict.PASS
    assert found.exchanges[-1].status == 200
    assert found.second_play.exchanges[-1].status == 400
    assert "fail (accepted)" in found.note
    assert "alone: pass" in found.note


def test_another_wrong_error_is_the_same_finding_and_both_are_told() -> None:
    case = chosen(FAILING)[0]
    errors = cycle((b"invalid_scope", b"unauthorized_client"))

    def another_error(answer: Response) -> Response:
        if answer.status < 400:
            return answer
        return replace(answer, body=b'{"error": "' + next(errors) + b'"}')

    setup = setup_at(wire=lambda inner: Lucky(inner, granted_by_luck, another_error, 1), jobs=1)
    found = examined(setup, [case], jobs=1)[case.key]
    assert (found.kind, found.confirmed, found.second_play) == ("wrong-error", True, None)
    assert "invalid_scope" in found.observed
    assert "answered otherwise, and no better" in found.note
    assert "unauthorized_client" in found.note


@pytest.mark.parametrize(("races", "plays"), [(6, 1), (0, 4)])
def test_a_race_that_is_withstood_the_next_time_makes_others_no_luck(
    races: int, plays: int
) -> None:
    """Of what differed otherwise, every finding after it is played four times."""
    setup = setup_at(defects=("pkce.verifier_matches",))
    race, case = chosen("code-used-at-once/twelve")[0], chosen(FAILING)[0]
    limit = ConcurrencyLimit(1)
    counted: Counter[str] = Counter()

    class Counting(Examiner):
        def conclude(self, case: Case, finding: Finding) -> Finding:
            counted[case.key] += 1
            return super().conclude(case, finding)

    confirming = Confirmation(setup, (race, case), limit, examine=Counting)
    blank = examined(setup_at(), [race], jobs=1)[race.key]
    first = replace(blank, verdict=Verdict.FAIL, kind=Kind.ACCEPTED, races=races)
    assert confirming.confirmed(race, first).verdict is Verdict.UNSTEADY
    found = examined(setup, [case], jobs=1)[case.key]
    assert confirming.confirmed(case, found).confirmed
    assert counted[FAILING] == plays


def refused(answer: Response) -> Response:
    return replace(answer, status=503, body=b"")


def failed(answer: Response) -> Response:
    """Not 503, which would be asked again."""
    return replace(answer, status=500, body=b"")


def test_what_is_broken_otherwise_alone_is_what_it_is_alone() -> None:
    """Its first play is disturbed: the third token request, after a premise and the control."""
    case = chosen(FAILING)[0]
    asked = count(1)

    def the_third(request: Request) -> bool:
        return granted_by_luck(request) and next(asked) == 3

    setup = setup_at(
        defects=("pkce.verifier_matches",),
        wire=lambda inner: Lucky(inner, the_third, failed, 1),
        jobs=1,
    )
    found = examined(setup, [case], jobs=1)[case.key]
    assert (found.verdict, found.kind, found.confirmed) == (Verdict.FAIL, "accepted", True)
    assert "server-error" in found.note
    assert "alone, time and again" in found.note


@pytest.mark.parametrize("jobs", [1, 4])
def test_a_hiccup_of_valid_requests_takes_no_case_along(jobs: int) -> None:
    cases = chosen("pkce-verifier-wrong", "redirect_uri")
    setup = setup_at(wire=lambda inner: Lucky(inner, granted_by_luck, refused, 5), jobs=jobs)
    found = examined(setup, cases, jobs=jobs)
    assert not accused(found.values())
    notes = [one.note for one in found.values() if "could not run" in one.note]
    assert notes or jobs > 1  # luck decides then whose request is refused


@pytest.mark.parametrize("store", [OneRefreshToken, OneSession, ReplayEndsAll])
@pytest.mark.parametrize("jobs", [1, 4])
def test_what_cases_do_to_each_other_is_not_held_against_the_server(
    store: type[OneRefreshToken | OneSession | ReplayEndsAll], jobs: int
) -> None:
    found = examined(setup_at(store(), jobs=jobs), chosen(*SHARED), jobs=jobs)
    assert not accused(found.values())


def test_where_many_at_once_are_too_many_there_are_fewer() -> None:
    wires: list[Crowded] = []

    def crowded(inner: object) -> Crowded:
        wires.append(Crowded(inner))  # type: ignore[arg-type]  # a transport
        return wires[-1]

    setup = setup_at(wire=crowded, jobs=8)
    cases = chosen("pkce", "code", "redirect_uri")
    engine = Engine(setup, cases, jobs=8)
    engine.submit(cases)
    found = [engine.finding(case) for case in cases]
    engine.close()
    assert wires[0].failed
    assert engine.load.counts[0] == 8
    assert engine.load.counts[-1] < 8
    assert not accused(found)
    assert Counter(one.verdict for one in found)[Verdict.PASS] > len(cases) // 2
