"""The oracle plays what did not pass, and of the rest a sample; a verdict never hangs on that."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import pytest

from tests.conformance.selftest.altered import bundled_cases
from tokenspec.conformance.errors import HarnessError
from tokenspec.conformance.play.oracle import OracleResult
from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.record.evidence import no_evidence
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.oracle_plays import ONE_IN, OracleShare, every, in_share
from tokenspec.conformance.scenario.model import Answer, Case, Outcome, Place
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server.demo import demo_config

ISSUER = "https://server.example"
UNCHECKED = "pkce.verifier_matches"


def none(_case: Case) -> bool:
    return False


def wrong_verifier() -> Case:
    return bundled_cases()["pkce-verifier-wrong/last-character-changed"]


def expecting(outcome: Outcome | None) -> Case:
    """The same, with another answer expected; None: whatever the oracle answers."""
    *before, last = wrong_verifier().steps
    expect = () if outcome is None else (outcome,)
    changed = replace(last, expect=expect, oracle=outcome is None)
    return replace(wrong_verifier(), steps=(*before, changed))


def examined(
    case: Case, *defects: str, always: Callable[[Case], bool] = none
) -> tuple[Finding, Collection[str]]:
    """The finding at a server with these defects, and the keys of what the oracle has played."""
    setup = prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER), defects)
    played: dict[str, OracleResult] = {}
    examiner = Examiner(setup, [case], show=no_evidence, oracle_results=played, ask_oracle=always)
    return examiner.examine(case), played.keys()


def test_of_what_passes_it_plays_only_what_it_is_told_to() -> None:
    case = wrong_verifier()
    alone, played = examined(case)
    assert (alone.verdict, alone.oracle, list(played)) == (Verdict.PASS, "", [])
    beside, played = examined(case, always=every)
    assert list(played) == [case.key]
    assert "verifier_matches" in beside.oracle
    assert replace(beside, oracle="", seconds=alone.seconds) == alone


def test_what_fails_was_asked_of_it_and_says_why_it_refused() -> None:
    failed, played = examined(wrong_verifier(), UNCHECKED)
    assert failed.verdict is Verdict.FAIL
    assert list(played) == [failed.key]
    assert "verifier_matches" in failed.oracle


def test_what_could_not_run_was_asked_of_it_as_well() -> None:
    """A control that is refused; whether the case makes sense here is still the oracle's to say."""
    case = replace(wrong_verifier(), control=wrong_verifier().steps)
    finding, played = examined(case)
    assert finding.verdict is Verdict.COULD_NOT_RUN
    assert list(played) == [case.key]


def test_nothing_fails_because_the_expectation_is_wrong() -> None:
    wrong = expecting(Outcome(Answer.GRANTED))
    with pytest.raises(HarnessError, match="the reference server does not do what"):
        examined(wrong)


def test_an_expectation_that_is_wrong_may_pass_unless_the_case_is_in_the_sample() -> None:
    wrong = expecting(Outcome(Answer.GRANTED))
    assert examined(wrong, UNCHECKED)[0].verdict is Verdict.PASS
    with pytest.raises(HarnessError, match="the reference server does not do what"):
        examined(wrong, UNCHECKED, always=every)


@pytest.mark.parametrize(("defects", "verdict"), [((), Verdict.PASS), ((UNCHECKED,), Verdict.FAIL)])
def test_where_its_answer_is_the_expectation_it_always_plays(
    defects: tuple[str, ...], verdict: Verdict
) -> None:
    finding, played = examined(expecting(None), *defects)
    assert finding.verdict is verdict
    assert list(played) == [finding.key]


def test_what_looks_at_every_answer_is_asked_of_it_as_its_verdict_comes_last() -> None:
    case = next(case for case in bundled_cases().values() if case.every_response)
    finding, played = examined(case)
    assert finding.verdict is Verdict.PASS
    assert list(played) == [case.key]


def test_a_sample_comes_again_with_its_seed_and_is_another_with_another() -> None:
    cases = list(bundled_cases().values())

    def sample(seed: int) -> list[str]:
        return [case.key for case in filter(in_share(OracleShare.SAMPLE, seed), cases)]

    first = sample(1)
    assert first == sample(1) != sample(2)
    assert 0.5 < len(first) * ONE_IN / len(cases) < 2
    assert all(map(in_share(OracleShare.ALL, 1), cases))


def test_a_sample_has_every_case_that_no_selftest_has_seen() -> None:
    own = [
        replace(case, place=Place("/home/alice/own.yaml", 1)) for case in bundled_cases().values()
    ]
    assert all(map(in_share(OracleShare.SAMPLE, 1), own))
