"""A run that is ended waits for what has begun, and for nothing that was dropped."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.confirmation import Confirmation
from tokenspec.conformance.run.engine import Engine
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.order import waits
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.verdicts import Kind, Verdict
from tokenspec.reference_server.demo import demo_config

ISSUER = "https://server.example"


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [case for case in whole_suite() if case.area in ("pkce", "response")]


def setup() -> Setup:
    return prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER))


class Slow(Examiner):
    """Begins to play and goes on when told to."""

    begun = threading.Event()
    go_on = threading.Event()

    def play(self, case: Case) -> Finding:
        self.begun.set()
        self.go_on.wait(30)
        return super().play(case)


def test_closing_waits_for_no_play_that_was_dropped(cases: list[Case]) -> None:
    """A case that looks at every answer may wait already for one that then never begins."""
    watching = next(case for case in cases if case.every_response)
    first, dropped = [case for case in cases if not case.every_response][:2]
    chosen = (first, dropped, watching)
    engine = Engine(setup(), chosen, jobs=1, examine=Slow)
    engine.submit(chosen)
    assert Slow.begun.wait(30)
    assert engine._futures[dropped.key].cancel()
    Slow.go_on.set()
    while not engine._futures[watching.key].running():
        threading.Event().wait(0.01)
    closing = threading.Thread(target=engine.close, daemon=True)
    closing.start()
    closing.join(30)
    assert not closing.is_alive()


class InDoubt(Examiner):
    """Finds each case broken."""

    def play(self, case: Case) -> Finding:
        return replace(super().play(case), verdict=Verdict.FAIL, kind=Kind.ACCEPTED)


class Held(Confirmation):
    """Begins to play again and goes on when told to."""

    begun = threading.Event()
    go_on = threading.Event()

    def confirmed(self, case: Case, first: Finding) -> Finding:
        self.begun.set()
        self.go_on.wait(30)
        return super().confirmed(case, first)


def test_closing_waits_for_no_second_play_that_was_dropped(cases: list[Case]) -> None:
    """What lets a lifetime pass is played again after all others, of which some never begin."""
    waiting = next(case for case in whole_suite() if waits(case))
    first, dropped = [case for case in cases if not case.every_response][:2]
    chosen = (first, dropped, waiting)
    engine = Engine(setup(), chosen, jobs=1, examine=InDoubt, confirm=Held)
    engine.submit(chosen)
    asking = threading.Thread(target=engine.finding, args=(first,), daemon=True)
    asking.start()
    assert Held.begun.wait(30)
    while waiting.key not in engine._confirmed or not engine._confirmed[waiting.key].running():
        threading.Event().wait(0.01)
    closing = threading.Thread(target=engine.close, daemon=True)
    closing.start()
    while not engine._confirmed[dropped.key].cancelled():
        threading.Event().wait(0.01)
    Held.go_on.set()
    closing.join(30)
    assert not closing.is_alive()
    assert engine._last_known(waiting, engine._futures[waiting.key].result()).confirmed is False
