"""The oracle is set up like the target, and demands what no target is free to leave out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server.demo import demo_config

ISSUER = "https://server.example"


@pytest.mark.parametrize(
    ("defects", "verdict"), [((), Verdict.PASS), (("refresh.never_replaced",), Verdict.FAIL)]
)
def test_who_says_that_nothing_rotates_is_asked_for_public_clients_all_the_same(
    defects: tuple[str, ...], verdict: Verdict
) -> None:
    """RFC 9700 §2.2.2: their refresh tokens are replaced or bound."""
    target = bundled_target(ISSUER)
    said = replace(target, capabilities={**target.capabilities, "refresh-rotation": False})
    setup = prepare_in_process(said, demo_config(ISSUER), defects)
    case = next(one for one in whole_suite() if one.key == "refresh-token-rotation/public-client")
    assert Examiner(setup, (case,)).examine(case).verdict is verdict
