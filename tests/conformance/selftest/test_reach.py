"""What a play cannot notice is left out, and nothing else."""

from __future__ import annotations

import random

import pytest

from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.selftest.reach import everywhere
from tokenspec.conformance.selftest.runner import SelftestRunner
from tokenspec.conformance.selftest.servers import conforming_servers
from tokenspec.reference_server.alterations.defects import DEFECTS

KEYS = ("code-not-issued/made-up", "userinfo/sub", "pkce-verifier-wrong/last-character-changed")


@pytest.fixture(scope="module")
def runner() -> SelftestRunner:
    cases = {case.key: case for case in whole_suite() if case.key in KEYS}
    made = SelftestRunner(cases, conforming_servers())
    made.settle()
    return made


@pytest.mark.parametrize("key", KEYS)
def test_what_is_not_reached_changes_nothing(runner: SelftestRunner, key: str) -> None:
    left_out = sorted(DEFECTS.keys() - runner.reached(key))
    assert len(left_out) > len(DEFECTS) / 4
    sample = random.Random(key).sample(left_out, 20)
    assert [name for name in sample if runner.differing(name, [key])] == []


def test_the_guard_that_refuses_is_reached(runner: SelftestRunner) -> None:
    assert "pkce.verifier_matches" in runner.reached(KEYS[2])
    assert "pkce.verifier_matches" not in runner.reached(KEYS[0])


def test_a_store_or_configuration_is_reached_everywhere(runner: SelftestRunner) -> None:
    assert everywhere() <= runner.reached(KEYS[0])
    altered = {name for name, one in DEFECTS.items() if one.store or one.configures}
    assert altered <= everywhere()
