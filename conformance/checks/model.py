"""What a check is: a named look at one answer that gives the problems it finds.

A check says which answers it speaks of, and is made on no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tokenspec.conformance.checks.subjects import Subject, is_about
from tokenspec.conformance.oauth.published_keys import PublishedKeys
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.target.model import Client

Problems = Iterable[str]


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What a check may know beside the answer.

    `metadata` and `keys` are the documents of the server the answer came from; the key set is
    fetched when first asked for. `clients` are those of the target by client_id.
    """

    issuer: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    keys: PublishedKeys = field(default_factory=PublishedKeys)
    clients: Mapping[str, Client] = field(default_factory=dict)

    def secret(self, client_id: str) -> str:
        """The client_secret of a client; empty where it has none."""
        client = self.clients.get(client_id)
        return client.secret if client else ""


Finder = Callable[[Played, Transcript, CheckContext], Problems]


@dataclass(frozen=True, slots=True)
class Check:
    """A named check.

    Attributes:
        name: as scenarios ask for it.
        summary: what holds of a good answer, in one line.
        speaks_of: what an answer has to be, or to hold, to be looked at; one of them is enough.
        find: gives a sentence for every problem of such an answer.
    """

    name: str
    summary: str
    speaks_of: tuple[Subject, ...]
    find: Finder

    def look(
        self, played: Played, transcript: Transcript, context: CheckContext
    ) -> tuple[str, ...] | None:
        """The problems of an answer; None where the check does not speak of such an answer."""
        if not any(is_about(played, subject) for subject in self.speaks_of):
            return None
        return tuple(self.find(played, transcript, context))


CHECKS: dict[str, Check] = {}


def check(name: str, subject: Subject, *more: Subject) -> Callable[[Finder], Finder]:
    """Register a function as the check `name`; its docstring's first line is the summary."""

    def register(find: Finder) -> Finder:
        summary = (find.__doc__ or name).strip().splitlines()[0]
        CHECKS[name] = Check(name, summary, (subject, *more), find)
        return find

    return register
