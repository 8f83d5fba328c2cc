"""A refusal for age counts only where another of the same age was taken shortly before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.conformance.run.odd_servers import OneRefreshToken, setup_at
from tokenspec.conformance.play.expiry import expiry_of, seconds_before
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.engine import Engine
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server.store import Code, MemoryStore

CODE, REFRESH = "code-expired/after-its-lifetime", "refresh-token-wrong/expired"
SHOWN = "access-token-expired/after-its-lifetime"


@pytest.fixture(scope="module")
def suite() -> dict[str, Case]:
    return {case.key: case for case in whole_suite()}


class OneCode(MemoryStore):
    """Keeps the newest code and forgets all others."""

    def __init__(self) -> None:
        super().__init__()
        self._newest = ""

    def add_code(self, code: Code) -> None:
        super().add_code(code)
        self._newest = code.value

    def code(self, value: str) -> Code | None:
        return super().code(value) if value == self._newest else None


def found(setup: Setup, case: Case) -> Finding:
    engine = Engine(setup, [case], jobs=1)
    try:
        return engine.finding(case)
    finally:
        engine.close()


def test_whatever_is_refused_for_nothing_but_its_age_has_another_beside_it(
    suite: dict[str, Case],
) -> None:
    expiring = {key for key, case in suite.items() if expiry_of(case.steps)}
    assert {CODE, REFRESH, SHOWN, "introspection/expired"} <= expiring
    assert "id-token-hint/expired" not in expiring  # where it is granted all is well
    assert "max-age/silent" not in expiring


@pytest.mark.parametrize(("lifetime", "seconds"), [(4.0, 2.0), (20.0, 3.0), (300.0, 30.0)])
def test_it_is_shown_shortly_before_the_end(lifetime: float, seconds: float) -> None:
    assert seconds_before(lifetime) == seconds


@pytest.mark.parametrize("key", [CODE, REFRESH, SHOWN, "introspection/expired"])
def test_a_server_that_forgets_nothing_passes(suite: dict[str, Case], key: str) -> None:
    assert found(setup_at(), suite[key]).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("key", "store"), [(CODE, OneCode), (REFRESH, OneRefreshToken)], ids=["code", "refresh token"]
)
def test_what_a_server_forgot_has_not_expired(
    suite: dict[str, Case], key: str, store: type[OneCode | OneRefreshToken]
) -> None:
    """Beside each other one drives out the other; one after the other both are seen."""
    beside = Examiner(setup_at(store()), [suite[key]]).examine(suite[key])
    assert beside.verdict is Verdict.COULD_NOT_RUN
    assert "was refused" in beside.note
    assert found(setup_at(store()), suite[key]).verdict is Verdict.PASS


def test_a_lifetime_that_the_target_file_has_wrong_is_told(suite: dict[str, Case]) -> None:
    setup = setup_at()
    longer = replace(setup.target.lifetimes, code=10 * (setup.target.lifetimes.code or 0.0))
    target = replace(setup.target, lifetimes=longer)
    told = found(
        replace(setup, target=target, side=replace(setup.side, target=target)), suite[CODE]
    )
    assert told.verdict is Verdict.COULD_NOT_RUN
    assert "before the end of lifetimes.code as well: refused" in told.note


def test_what_lives_on_is_a_failure_still(suite: dict[str, Case]) -> None:
    told = found(setup_at(defects=("code.long_lived",)), suite[CODE])
    assert (told.verdict, told.kind, told.confirmed) == (Verdict.FAIL, "accepted", True)
