from __future__ import annotations

import pytest

from tokenspec.conformance.cli.explain import WORDS, explain
from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.verdicts import Kind, Verdict

CASES = list(whole_suite())


def told(name: str) -> str:
    return "\n".join(explain(name, CASES))


def test_a_requirement_names_its_cases_and_defects() -> None:
    text = told("RFC7636-4.6-mismatch_invalid_grant")
    assert "RFC 7636 §4.6 (MUST)" in text
    assert "pkce-verifier-wrong/last-character-changed" in text
    assert "tokenspec serve --defect pkce.verifier_matches" in text


def test_a_section_gives_all_its_requirements() -> None:
    assert told("RFC7636-4.6").count("RFC 7636 §4.6") > 1


def test_a_scenario_gives_its_cases_and_a_case_itself() -> None:
    own = [case for case in CASES if case.scenario == "pkce-verifier-wrong"]
    assert len(own) > 1
    assert all(f"{case.key}: {case.title}" in told("pkce-verifier-wrong") for case in own)
    text = told("pkce-verifier-wrong/last-character-changed")
    assert "token.code_verifier: <valid> with its last 1 character(s) changed" in text
    assert "token: refused (400, invalid_grant)" in text


def test_an_advisory_names_the_case_that_finds_it() -> None:
    assert "code-used-at-once/twelve" in told("CVE-2026-47386")


def test_a_defect_says_what_it_breaks() -> None:
    assert "breaks" in told("dpop.htu_prefix")


@pytest.mark.parametrize("word", [*Verdict, *(kind for kind in Kind if kind)])
def test_every_verdict_and_kind_is_explained(word: str) -> None:
    assert word in WORDS
    assert told(word).startswith(f"{word}: ")


def test_an_unknown_word_gets_a_suggestion() -> None:
    with pytest.raises(UsageError, match="did you mean 'RFC7636"):
        told("RFC7636-4.6-mismatch_invalid_grnt")
