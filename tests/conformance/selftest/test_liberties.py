"""Liberties: together and alone they accuse no good server, and a case that does would be seen."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from tokenspec.conformance.cli.explain import explain
from tokenspec.conformance.scenario.catalogue import BUNDLED
from tokenspec.conformance.scenario.premises import PREMISES
from tokenspec.conformance.selftest.covering import (
    Trial,
    exclude_each_other,
    excluded_pairs,
    once,
    rows,
    spoken,
    trials,
)
from tokenspec.conformance.selftest.liberties import at_liberties, fails
from tokenspec.conformance.selftest.runner import selftest_runner
from tokenspec.conformance.selftest.servers import server_with
from tokenspec.conformance.selftest.trials import SERVERS, at_trial, suite
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server.alterations.building import nothing
from tokenspec.reference_server.alterations.liberties import LIBERTIES
from tokenspec.reference_server.alterations.liberties.model import checking

CASE = "pkce-verifier-wrong/last-character-changed"


ALL = spoken(LIBERTIES.values())


def test_every_pair_that_a_server_can_take_is_in_a_row() -> None:
    together = {pair for row in rows(ALL) for pair in combinations(row, 2)}
    assert together == {
        (one.name, other.name)
        for one, other in combinations(ALL, 2)
        if not exclude_each_other(one, other)
    }


def test_what_takes_cases_away_hides_no_other_pair() -> None:
    """A pair is tried at a server without such a liberty, unless it is one of the two."""
    leaving = {one.name for one in ALL if one.takes_away}
    plain = [row for row in rows(ALL) if not leaving.intersection(row)]
    together = {pair for row in plain for pair in combinations(row, 2)}
    for one, other in combinations(ALL, 2):
        wanted = not exclude_each_other(one, other) and not leaving & {one.name, other.name}
        assert ((one.name, other.name) in together) is wanted


def test_the_quick_half_takes_each_liberty() -> None:
    quick = list(once(rows(ALL)))
    assert {name for row in quick for name in row} == {one.name for one in ALL}
    assert len(quick) < 20


def test_the_thorough_half_tries_each_alone_with_each_number_of_jobs_and_by_each_profile() -> None:
    tried = set(trials(LIBERTIES, SERVERS, (1, 4)))
    by_profile = {(trial.profile, name) for trial in tried for name in trial.liberties}
    for name, liberty in LIBERTIES.items():
        served = bool(liberty.alteration.served)
        for jobs in (1, 4):
            assert Trial((name,), "rfc", jobs, over_http=served) in tried
        for profile in SERVERS if not served else ():
            allowed = profile not in liberty.forbidden_by
            assert ((profile, name) in by_profile) is allowed
    profiles = (BUNDLED.parent / "conformance/profile/profiles").glob("*.yaml")
    assert set(SERVERS) == {path.stem for path in profiles}
    assert set(excluded_pairs(ALL)).isdisjoint(
        pair for t in tried for pair in combinations(t.liberties, 2)
    )


def test_a_case_that_accuses_is_a_gap_that_names_the_liberty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = checking("pkce.off", "RFC 0", "none", "any", pkce__verifier_matches=nothing)
    known = {**LIBERTIES, "pkce.off": wrong}
    monkeypatch.setattr("tokenspec.conformance.selftest.liberties.LIBERTIES", known)
    monkeypatch.setattr("tokenspec.reference_server.alterations.catalogue.LIBERTIES", known)
    taken = ("answers.indented", "error.uri", "pkce.off", "response.more_members")
    (gap,) = at_liberties(taken, [CASE])
    assert gap.where == CASE
    assert "at a server that takes pkce.off: granted" in gap.text
    assert not at_liberties(taken[:2], [CASE])


@pytest.mark.parametrize("name", ["answers.indented", "wire.in_parts"])
def test_a_trial_is_a_run_as_users_have_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = CASE.partition("/")[0]
    trial = Trial((name,), "rfc", 2, over_http=name.startswith("wire."))
    assert at_trial(trial, [scenario]) == []
    monkeypatch.setattr(
        "tokenspec.conformance.selftest.liberties.FAILING", [Verdict.PASS, Verdict.FAIL]
    )
    own = {case.key for case in suite() if case.scenario == scenario}
    assert {gap.where for gap in at_trial(trial, [scenario])} == own


def test_a_premise_that_a_liberty_does_not_keep_is_told_and_no_fault() -> None:
    taken, key = ("introspect.access_tokens_alone",), "introspection-of-revoked/refresh-token"
    runner = selftest_runner()
    server = server_with([LIBERTIES[name] for name in taken])
    finding = runner.examine_at(server, [runner.cases[key]])[key]
    assert finding.verdict is Verdict.NOT_APPLICABLE  # RFC 7662 §2.2 permits what was answered
    lost = replace(finding, verdict=Verdict.COULD_NOT_RUN)
    assert not fails(lost, taken)
    assert fails(lost, ("answers.indented",))
    assert fails(replace(lost, note="no answer"), taken)
    assert {name for one in LIBERTIES.values() for name in one.unmet} <= set(PREMISES)


def test_the_runner_knows_the_case() -> None:
    runner = selftest_runner()
    runner.settle([CASE])
    assert CASE in runner.good


@pytest.mark.parametrize("name", LIBERTIES)
def test_it_is_explained_by_the_sentence_that_permits_it(name: str) -> None:
    liberty = LIBERTIES[name]
    told = "\n".join(explain(name, []))
    assert " ".join(liberty.permitted_by.split()) in told
    assert liberty.summary.split()[0] in told
    assert "§" in liberty.permitted_by
