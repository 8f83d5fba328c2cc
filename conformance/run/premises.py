"""The premises of a run: each is asked when first needed, once, and shared by all its cases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from tokenspec.conformance.errors import HarnessError, LoginBlocked
from tokenspec.conformance.play.matching import difference
from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.sessions import own_sign_in_needed
from tokenspec.conformance.play.side import Side
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.play.wording import answer_text
from tokenspec.conformance.scenario.model import (
    Answer,
    Case,
    Outcome,
    Premise,
    Setting,
    Step,
)
from tokenspec.conformance.scenario.premises import PREMISES, Question
from tokenspec.conformance.target.model import Client

ATTEMPTS = 2  # the first of a run may be the one that learns a nonce, or meets a hiccup
OF_THE_CLIENT = ("invalid_client", "unauthorized_client")  # which is not tried again: it may lock
UNGRANTED = "the control of this case was not granted, so a refusal would prove nothing"
TURNED_AWAY = (
    "the client was let in when the run began and is turned away now: a server that locks clients "
    "out after failed attempts answers so; have it allow more of them for this client"
)
PLACE = " (premise)"  # behind the name of one as a place where something was seen

# shows a play of that name to whoever looks at every answer, and gives a text without its secrets
See = Callable[[Transcript, str, str], str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking a premise; `said` is the answer that decided, in words.

    `permitted`: it does not hold, and a server may have it so. `transcript` is kept where it does
    not hold, to be shown.
    """

    name: str
    holds: bool
    said: str
    permitted: bool = False
    transcript: Transcript | None = field(default=None, repr=False)

    @property
    def note(self) -> str:
        """Why nothing can be said of a case that rests on it."""
        return f"premise: {self.name}: {self.said}"


def ungranted(control: Transcript | None) -> str:
    """Why nothing can be said of a case whose control was not granted.

    A client that could not be let in when the run began has no control played.
    """
    last = control.steps[-1] if control and control.steps else None
    return TURNED_AWAY if last and last.error == "invalid_client" else UNGRANTED


@dataclass(slots=True)
class _Place:
    """Where the answer to one premise is kept; who needs it while it is asked waits."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    asked: Asked | None = None

    @property
    def met(self) -> bool:
        """Whether it holds, or is being asked."""
        return self.asked is None or self.asked.holds


class Premises:
    """Asks what cases take for granted; safe for many threads.

    Args:
        side: the target, for a play of that name.
        see: is shown each play, with its name and what is to be said of it.
    """

    def __init__(self, side: Callable[[str], Side], see: See) -> None:
        self._side = side
        self._see = see
        self._lock = threading.Lock()
        self._places: dict[str, _Place] = {}

    def of(self, case: Case) -> Iterator[Asked]:
        """The premises of a case, to the first that does not hold.

        Raises:
            TargetUnusable: the target would not go on; nothing is kept of that.
        """
        for premise in case.premises:
            asked = self._ask(premise)
            yield asked
            if not asked.holds:
                return

    def ask_unmet_again(self) -> None:
        """Those that did not hold are asked anew, as others may have been the reason."""
        with self._lock:
            met = {name: place for name, place in self._places.items() if place.met}
            self._places = met

    def _ask(self, premise: Premise) -> Asked:
        """By client, not by role: one client may have several."""
        side = self._side(premise.name)
        client = side.target.client(premise.client)
        if client is None:
            raise HarnessError(f"the target has no client for the role {premise.client!r}")
        name = premise_name(premise, client)
        with self._lock:
            place = self._places.setdefault(name, _Place())
        with place.lock:
            if place.asked is None:
                place.asked = self._ask_by_ways(name, premise, side, client)
        return place.asked

    def _ask_by_ways(self, name: str, premise: Premise, side: Side, client: Client) -> Asked:
        """By each way in turn; where none holds, what came of the first is told."""
        question = PREMISES[premise.name]
        first: Asked | None = None
        for way in question.ways:
            if way.auth and client.auth not in way.auth:
                continue
            kind = premise.other_kind
            setting = Setting(premise.client, premise.dpop, pkce=way.pkce, other_kind=kind)
            asked = self._play(name, question, setting, way.steps, side)
            if asked.holds:
                return asked
            first = first or asked
        if first is None:
            raise HarnessError(f"the premise {premise.name!r} has no way for {client.auth}")
        return first

    def _play(
        self, name: str, question: Question, setting: Setting, steps: tuple[Step, ...], side: Side
    ) -> Asked:
        own = own_sign_in_needed(steps)
        for _attempt in range(ATTEMPTS):
            try:
                transcript = play(side, setting, steps, own_sign_in=own)
            except LoginBlocked as error:
                return Asked(name, holds=False, said=f"login blocked: {error.message}")
            asked = decided(name, question, steps, transcript)
            last = transcript.steps[-1] if transcript.steps else None
            known = last and (last.late or last.error in OF_THE_CLIENT)
            if asked.holds or asked.permitted or known:
                break
        return replace(asked, said=self._see(transcript, name, asked.said))


def premise_name(premise: Premise, client: Client) -> str:
    """`exchange of client app (client_secret_basic) with DPoP`."""
    proof = " with DPoP" if premise.dpop else ""
    kind = ", refresh tokens of the other kind" if premise.other_kind else ""
    return f"{premise.name} of client {client.client_id} ({client.auth}){proof}{kind}"


def premise_place(name: str) -> str:
    """What a premise is called as a place where something was seen."""
    return name + PLACE


def is_place(place: str, premise: Premise) -> bool:
    """Whether that place is such a premise, of whichever client."""
    return place.startswith(f"{premise.name} of client ") and place.endswith(PLACE)


def decided(
    name: str, question: Question, steps: tuple[Step, ...], transcript: Transcript
) -> Asked:
    """Whether the premise holds, and the answer that says so."""
    *before, last = steps
    granted = {step.name: Answer.GRANTED for step in before}
    for step, answer in {**granted, last.name: question.answer}.items():
        played = transcript.step(step)
        said = _in_words(played, transcript)
        if (
            step == last.name
            and played
            and any(_is(outcome, played, transcript) for outcome in question.unmet)
        ):
            said = f"{said}; {question.otherwise}"
            return Asked(name, False, said, permitted=True, transcript=transcript)
        if played is None and transcript.ungiven:
            return Asked(name, False, transcript.ungiven, permitted=True, transcript=transcript)
        if played is None or played.answer is not answer:
            return Asked(name, False, said, transcript=transcript)
    return Asked(name, True, said)


def _is(outcome: Outcome, played: Played, transcript: Transcript) -> bool:
    return difference(outcome, played, transcript, lambda *_: ()).none


def _in_words(played: Played | None, transcript: Transcript) -> str:
    if played is None:
        return transcript.stopped or "it was not reached"
    return f"{played.step.name}: {answer_text(played)}"
