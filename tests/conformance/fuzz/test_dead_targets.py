"""A campaign at a target that is gone, or that lets nobody in any more, establishes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.conformance.fuzz.campaigns import ISSUER
from tokenspec.conformance.cli import main
from tokenspec.conformance.errors import Unreachable
from tokenspec.conformance.http import Request, Response, Transport
from tokenspec.conformance.play.clock import MovableClock
from tokenspec.conformance.play.transcript import Played
from tokenspec.conformance.preflight.opening import Opened
from tokenspec.conformance.preflight.setup import prepare
from tokenspec.conformance.scenario.model import Answer, Step, StepKind
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.transport.breaker import Breaker
from tokenspec.conformance.transport.in_process import InProcessTransport
from tokenspec.reference_server import Server
from tokenspec.reference_server.demo import demo_config

LIVES = 150  # requests that are answered as they should be


@dataclass(slots=True)
class Ailing:
    """Answers so many requests; then none of those whose address holds `word`."""

    inner: Transport
    word: str
    lives: int = LIVES
    sent: list[str] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        self.sent.append(request.url)
        if len(self.sent) <= self.lives or self.word not in request.url:
            return self.inner.send(request)
        if not self.word:
            raise Unreachable("connection refused")
        return Response(403, (("Content-Type", "text/plain"),), b"locked")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("", "the target stopped answering: 5 requests in a row failed"),
        ("/login", "at the end the valid exchange was not granted any more"),
    ],
    ids=("gone", "locked"),
)
def test_a_campaign_at_a_dead_target_establishes_nothing(
    word: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = MovableClock()
    ailing = Ailing(InProcessTransport(Server(demo_config(ISSUER), clock=clock)), word)
    breaker = Breaker(ailing, 5, sleep=lambda _seconds: None)
    breaker.probe = Request("GET", ISSUER)
    setup = prepare(bundled_target(ISSUER), breaker, clock=clock, wait=clock.wait)
    opened = Opened(setup, breaker)
    monkeypatch.setattr("tokenspec.conformance.cli.fuzz.open_target", lambda *_a, **_k: opened)
    assert main(["fuzz", "--seconds", "600", "--max-requests", "400", "--seed", "1"]) == 6
    told = capsys.readouterr().out
    assert f"not established: {said}" in told
    if not word:
        assert "could not be played at the target" in told
        assert len(ailing.sent) < LIVES + 10, "nothing more is sent to a target that is gone"


@pytest.mark.parametrize(
    ("kind", "error"), [(StepKind.USERINFO, "invalid_token"), (StepKind.TOKEN, "")]
)
def test_a_resource_tells_its_error_in_the_challenge(kind: StepKind, error: str) -> None:
    """RFC 6750 §3: error is a parameter of WWW-Authenticate there; its body is free."""
    challenge = 'Bearer realm="x", error="invalid_token", error_description="expired"'
    response = Response(401, (("WWW-Authenticate", challenge),), b"")
    assert Played(Step(kind, str(kind)), Answer.REFUSED, response=response).error == error
