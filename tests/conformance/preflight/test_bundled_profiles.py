"""Held to a profile, the bundled server is set up as the profile demands."""

from __future__ import annotations

import pytest

from tokenspec.conformance.preflight.opening import open_target
from tokenspec.conformance.run.engine import Engine
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.target.bundled import SETTINGS
from tokenspec.conformance.verdicts import Verdict

TELLING = {  # cases that the bundled server fails, or cannot be asked, as it is by itself
    "fapi-2.0": (
        "fapi-id-token/algorithm",
        "fapi-refresh-token-kept/used-twice",
        "fapi-pushed/not-pushed",
    ),
    "oauth-2.1": ("oauth21-redirect-uri-at-token/absent",),
    "auth0": ("seed-callback/not-registered",),
}


@pytest.mark.parametrize("profile", SETTINGS)
def test_it_conforms_to_the_profile(profile: str) -> None:
    opened = open_target(None, {}, profile=profile)
    assert opened.make_ready() == ()
    assert opened.setup.profile.name == profile
    cases = [case for case in whole_suite() if case.key in TELLING[profile]]
    engine = Engine(opened.setup, cases, jobs=1)
    verdicts = [engine.finding(case).verdict for case in cases]
    engine.close()
    assert verdicts == [Verdict.PASS] * len(TELLING[profile])
