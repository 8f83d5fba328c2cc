"""What the specifications permit hinders no preflight: nothing fails at a server that takes it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.preflight.sequence import make_usable
from tokenspec.conformance.selftest.servers import server_with
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.reference_server.alterations.liberties import LIBERTIES
from tokenspec.reference_server.demo import demo_config

ISSUER = "https://server.example"
ELSEWHERE = ("issuer.with_a_path",)  # its target file names another issuer
# That no refresh token comes, or that a proof was passed over, is a word to the user.
TOLD = {"refresh.none": ["refresh"], "dpop.access_token_unbound": ["dpop"]}


@pytest.mark.parametrize("name", [name for name in LIBERTIES if name not in ELSEWHERE])
def test_nothing_fails_at_a_server_that_takes_a_liberty(name: str) -> None:
    """The target file says but what it has to: where the endpoints are, if nothing else does."""
    taken = server_with([LIBERTIES[name]], issuer=ISSUER)
    target = replace(bundled_target(ISSUER), capabilities={}, endpoints=taken.target.endpoints)
    setup, failed = make_usable(prepare_in_process(target, demo_config(ISSUER), liberties=[name]))
    assert [step.name for step in failed] == TOLD.get(name, [])
    assert not setup.unusable
    assert not setup.unmet


def test_where_each_grant_ends_the_one_before_cases_are_played_in_turn() -> None:
    """Else the code of one case is dead by what another does, and its refusal shows nothing."""
    jobs = bundled_target(ISSUER).limits.jobs
    assert jobs > 1
    played_at_once, expiry = [], []
    for liberties in ((), ("code.ends_earlier_grants",)):
        setup = prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER), liberties=liberties)
        learned = make_usable(setup)[0]
        played_at_once.append(learned.target.limits.jobs)
        expiry.append(learned.decisions["access-token-lifetime"].present)
    assert played_at_once == [jobs, 1]
    assert expiry == [True, False]
