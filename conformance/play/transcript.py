"""What was sent and what came back, step by step: all that a judge may look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tokenspec.conformance.challenges import read_challenges
from tokenspec.conformance.http import Exchange, Response
from tokenspec.conformance.login.model import AuthorizationResult
from tokenspec.conformance.scenario.model import (
    AT_TOKEN_ENDPOINT,
    OPENED,
    Answer,
    Setting,
    Step,
)

# parameters of authorization requests alone: of such a name an answer may have one of its own
REQUESTED = frozenset(
    ("nonce", "max_age", "resource", "audience", "code_challenge", "redirect_uri", "client_id")
)

Sent = Mapping[str, tuple[Any, ...]]


def asked_for_alone(step: str, name: str) -> bool:
    """Whether a value of a step, by its name, is what was sent, whatever came back."""
    return step.partition("-")[0] == "authorize" and name in REQUESTED


@dataclass(frozen=True, slots=True)
class Played:
    """One step as it was played.

    `sent` and `valid` are the parameters as sent and as a valid request would have sent them;
    `received` the callback's parameters or the members of the JSON answer. The last of
    `exchanges` is the one the step stands for; earlier ones led there (pages, a DPoP nonce, and
    first of all the `pushed` ones, by which an authorization request was pushed).
    """

    step: Step
    answer: Answer
    sent: Sent = field(default_factory=dict, repr=False)
    valid: Sent = field(default_factory=dict, repr=False)
    received: Mapping[str, Any] = field(default_factory=dict, repr=False)
    response: Response | None = field(default=None, repr=False)
    together: tuple[Answer, ...] = ()  # the class of each answer, where several were sent at once
    authorization: AuthorizationResult | None = field(default=None, repr=False)
    exchanges: tuple[Exchange, ...] = field(default=(), repr=False)
    failure: str = ""  # why there was no answer
    closed: bool = False  # the connection was closed in place of an answer
    pushed: int = 0  # so many of the exchanges pushed what the step asks for (RFC 9126)
    pushing: bool = False  # the answer is that to the request as it was pushed first
    late: bool = False  # there was no whole answer in the time allowed
    # requests of this step that got no answer, or that of a server that is out of service
    missing: int = 0
    fatal: bool = False  # it is this request that the server does not answer, each time it is sent
    at: float = 0.0  # when it was sent, seconds since the epoch

    @property
    def error(self) -> str:
        """The OAuth error code of the answer; empty where there is none.

        A protected resource tells it in its challenge (RFC 6750 §3), and in its body if it likes.
        """
        value = self.received.get("error") or self._challenged.get("error", "")
        return value if isinstance(value, str) else ""

    @property
    def _challenged(self) -> dict[str, str]:
        """What the challenges of a protected resource say, the first of each name."""
        if self.step.kind not in OPENED or self.response is None:
            return {}
        challenges = read_challenges(self.response.header_all("WWW-Authenticate"))
        said = [pair for one in challenges for pair in one.parameters]
        return dict(reversed(said))

    @property
    def status(self) -> int:
        """The HTTP status of the answer; 0 where there was none."""
        if self.response is not None:
            return self.response.status
        return self.authorization.status if self.authorization else 0


@dataclass(frozen=True, slots=True)
class Transcript:
    """A play: its steps in order, and why it stopped early if it did."""

    setting: Setting
    client_id: str
    issuer: str
    steps: tuple[Played, ...] = ()
    stopped: str = ""  # what the next step would have needed; empty where all were played
    jkt: str = ""  # thumbprint of the play's DPoP key

    def step(self, name: str) -> Played | None:
        """The step of that name, if it was played."""
        return next((played for played in self.steps if played.step.name == name), None)

    def granted(self, name: str) -> bool:
        """Whether the step of that name was played, and granted."""
        played = self.step(name)
        return played is not None and played.answer is Answer.GRANTED

    @property
    def ungiven(self) -> str:
        """Why it stopped, if for want of a refresh token; RFC 6749 §5.1: that is optional."""
        last = self.steps[-1] if self.steps else None
        if not self.stopped or last is None or last.missing:
            return ""
        if last.step.kind not in AT_TOKEN_ENDPOINT:
            return ""
        given = last.answer is not Answer.GRANTED or last.received.get("refresh_token")
        return "" if given else f"{self.client_id} gets no refresh_token, which is optional"

    @property
    def whole(self) -> bool:
        """Whether every request got an answer."""
        return not any(played.missing for played in self.steps)

    @property
    def late(self) -> str:
        """The kind of step that was not answered in time; empty where each was."""
        return next((str(played.step.kind) for played in self.steps if played.late), "")

    def recall(self, path: str) -> Any:
        """A value received or sent at a step, such as `authorize.state`; None where there is none.

        Beside step names: `dpop.jkt`, `target.issuer`, `target.client_id`.
        """
        step, _, name = path.partition(".")
        own = {
            "dpop.jkt": self.jkt,
            "target.issuer": self.issuer,
            "target.client_id": self.client_id,
        }
        if path in own:
            return own[path]
        played = self.step(step)
        if played is None:
            return None
        if name in played.received and not asked_for_alone(step, name):
            return played.received[name]
        return next(iter(played.sent.get(name, ())), None)
