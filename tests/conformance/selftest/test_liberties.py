"""Liberties: together and alone they accuse no good server, and a case that does would be seen."""

from __future__ import annotations

from itertools import combinations

import pytest

from tokenspec.conformance.cli.explain import explain
from tokenspec.conformance.selftest.liberties import at_liberties, exclude_each_other, once, rows
from tokenspec.conformance.selftest.runner import selftest_runner
from tokenspec.reference_server.alterations.building import nothing
from tokenspec.reference_server.alterations.liberties import LIBERTIES
from tokenspec.reference_server.alterations.liberties.model import checking

CASE = "pkce-verifier-wrong/last-character-changed"


def test_every_pair_that_a_server_can_take_is_in_a_row() -> None:
    together = {pair for row in rows(LIBERTIES.values()) for pair in combinations(row, 2)}
    for one, other in combinations(LIBERTIES.values(), 2):
        wanted = not exclude_each_other(one, other)
        assert ((one.name, other.name) in together) is wanted


def test_the_quick_half_takes_each_liberty() -> None:
    taken = {name for row in once(rows(LIBERTIES.values())) for name in row}
    assert taken == set(LIBERTIES)


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


def test_the_runner_knows_the_case() -> None:
    assert CASE in selftest_runner().good


@pytest.mark.parametrize("name", LIBERTIES)
def test_it_is_explained_by_the_sentence_that_permits_it(name: str) -> None:
    liberty = LIBERTIES[name]
    told = "\n".join(explain(name, []))
    assert " ".join(liberty.permitted_by.split()) in told
    assert liberty.summary.split()[0] in told
    assert "§" in liberty.permitted_by
