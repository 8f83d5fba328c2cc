"""A server that locks a client out after failures is told of nothing that it did not do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.conformance.selftest.altered import keyed
from tokenspec.conformance.play.clock import MovableClock
from tokenspec.conformance.preflight.setup import prepare
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.engine import Engine
from tokenspec.conformance.run.premises import TURNED_AWAY
from tokenspec.conformance.selftest.servers import conforming_servers
from tokenspec.conformance.transport.in_process import InProcessTransport
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server import Request, Response, Server

MOST = 3  # refusals of a client in a row
LOCKED = 12  # requests with credentials that are refused then, right ones too
UNAUTHORIZED = 401


class LockingOut(Server):
    """RFC 6749 §2.3.1: an endpoint that takes passwords is protected against guessing."""

    refusals = 0
    locked = 0
    turned_away = 0
    lasting = LOCKED

    def handle(self, request: Request) -> Response:
        """A request by Basic is refused while the client is locked out."""
        if "basic " not in (request.header("Authorization") or "").lower():
            return super().handle(request)
        if self.locked:
            self.locked -= 1
            self.turned_away += 1
            others = (one for one in request.headers if one[0].lower() != "authorization")
            wrong = ("Authorization", "Basic dG9rZW5zcGVjLWJhc2ljOndyb25n")
            return super().handle(replace(request, headers=(*others, wrong)))
        response = super().handle(request)
        self.refusals = self.refusals + 1 if response.status == UNAUTHORIZED else 0
        if self.refusals == MOST:
            self.refusals, self.locked = 0, self.lasting
        return response


def played(server: LockingOut, clock: MovableClock, jobs: int) -> Iterator[Finding]:
    target = conforming_servers()["bundled"].target
    setup = prepare(target, InProcessTransport(server), clock=clock, wait=clock.wait)
    cases = keyed("client-secret-basic", "pkce-verifier-wrong/confidential-client", "pkce-retry")
    engine = Engine(setup, cases, jobs=jobs)
    try:
        engine.submit(cases)
        for case in cases:
            yield engine.finding(case)
    finally:
        engine.close()


@pytest.mark.parametrize("jobs", [1, 4])
def test_a_client_that_is_locked_out_for_a_while_accuses_nobody(jobs: int) -> None:
    clock = MovableClock()
    server = LockingOut(conforming_servers()["bundled"].config, clock=clock)
    findings = list(played(server, clock, jobs))
    assert server.turned_away
    said = [f for f in findings if f.verdict in (Verdict.FAIL, Verdict.WARN)]
    assert [(f.key, str(f.verdict), f.observed, f.note) for f in said] == []
    assert any(f.verdict is Verdict.PASS for f in findings)


def test_a_client_that_stays_locked_out_is_told_as_that() -> None:
    clock = MovableClock()
    server = LockingOut(conforming_servers()["bundled"].config, clock=clock)
    server.lasting = 10_000
    findings = list(played(server, clock, jobs=1))
    stuck = [f for f in findings if f.verdict is Verdict.COULD_NOT_RUN]
    assert stuck
    assert {f.note for f in stuck if not f.note.startswith("premise")} == {TURNED_AWAY}
