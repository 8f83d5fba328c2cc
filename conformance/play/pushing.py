"""The request that is pushed before it is made, where a server takes no other: RFC 9126 §4.

Whatever an authorization request asks for goes to the endpoint for pushed requests, as its client;
the authorization endpoint gets a reference to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokenspec.conformance.http import Response, Transport
from tokenspec.conformance.play import requests, wire
from tokenspec.conformance.play.answers import answered, read_members
from tokenspec.conformance.play.memory import Memory
from tokenspec.conformance.scenario.model import Answer, ClientAuthChanges, Step, StepKind
from tokenspec.conformance.target.model import Client
from tokenspec.conformance.texts import shortened

BEGINNING = (StepKind.AUTHORIZE, StepKind.PAGE)
ERROR = ("error", "error_description")
PUSH = Step(StepKind.PUSH, "push")


class NotTaken(Exception):  # noqa: N818 - an answer like any other; never leaves the play
    """A request was not taken where it was pushed: RFC 9126 §2.3."""

    def __init__(self, answer: Answer, response: Response, received: Mapping[str, Any]) -> None:
        super().__init__(answer)
        self.answer, self.response, self.received = answer, response, received

    @property
    def told(self) -> str:
        """The answer in words."""
        error, described = (str(self.received.get(key, "")) for key in ERROR)
        said = f"{error} ({shortened(described)})" if described else error or "no error"
        return f"pushed, it was answered with status {self.response.status}, {said}"


def begun(
    memory: Memory, transport: Transport, step: Step, written: requests.Parameters
) -> requests.Parameters:
    """What goes to the authorization endpoint: `written`, or a reference to it, pushed first.

    Raises:
        NotTaken: it was refused where it was pushed.
        MissingValue: the server has no endpoint for that.
        Unreachable: no answer came there.
    """
    return _pushed(memory, transport, written) if _due(memory, step, written) else written


def _due(memory: Memory, step: Step, written: requests.Parameters) -> bool:
    """Whether the request of a step, as `written`, is pushed first.

    One that refers to another is none that could be; the preflight of a script asks for nothing.
    """
    http = step.changes.http
    if step.kind not in BEGINNING or "request_uri" in written:
        return False
    if http is not None and (http.unpushed or http.method == "OPTIONS"):
        return False
    return memory.side.pushes(_whose(memory, written))


def _pushed(
    memory: Memory, transport: Transport, written: requests.Parameters
) -> requests.Parameters:
    """A reference to what is `written`, pushed as the client that it names."""
    earlier = memory.last_assertion
    url, client = requests.endpoint(memory, StepKind.PUSH), _whose(memory, written)
    shown = wire.shown_by(memory, client, ClientAuthChanges(), url)
    memory.last_assertion = earlier  # the play's own is one that a step of it has sent
    own = {name: written[name] for name in ("client_id", "request") if name in written}
    asked = own if memory.setting.request_object else written  # RFC 9126 §3: nothing beside it
    sent = asked | {name: (value,) for name, value in shown.parameters}
    outgoing = wire.OutgoingRequest(PUSH, url, sent, sent, shown.authorization, None)
    response = wire.send(memory, transport, outgoing)
    received = read_members(StepKind.PUSH, response)
    answer = answered(StepKind.PUSH, "POST", response, received)
    if answer is not Answer.GRANTED:
        raise NotTaken(answer, response, received)
    named = {name: values for name, values in written.items() if name == "client_id"}
    return {**named, "request_uri": (str(received["request_uri"]),)}


def _whose(memory: Memory, written: requests.Parameters) -> Client:
    """The client that a request names; where nobody is known by that name, the play's own."""
    named = written.get("client_id", ())
    known = (client for client in memory.side.target.clients if (client.client_id,) == named)
    return next(known, memory.client)
