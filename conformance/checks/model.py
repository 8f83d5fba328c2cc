"""What a check is: a named look at one answer that gives the problems it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.target.model import Client

Problems = Iterable[str]


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What a check may know beside the answer.

    `metadata` and `jwks` are the documents of the server the answer came from; the key set is
    fetched when first asked for. `clients` are those of the target by client_id.
    """

    issuer: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    jwks: Callable[[], Mapping[str, Any]] = dict
    clients: Mapping[str, Client] = field(default_factory=dict)

    def secret(self, client_id: str) -> str:
        """The client_secret of a client; empty where it has none."""
        client = self.clients.get(client_id)
        return client.secret if client else ""


Look = Callable[[Played, Transcript, CheckContext], Problems]


@dataclass(frozen=True, slots=True)
class Check:
    """A named check; `look` gives a sentence for every problem, nothing where it does not apply."""

    name: str
    summary: str
    look: Look


CHECKS: dict[str, Check] = {}


def check(name: str) -> Callable[[Look], Look]:
    """Register a function as the check `name`; its docstring's first line is the summary."""

    def register(look: Look) -> Look:
        summary = (look.__doc__ or name).strip().splitlines()[0]
        CHECKS[name] = Check(name, summary, look)
        return look

    return register
