"""Can the second user sign in, and is that another user than the first?"""

from __future__ import annotations

from collections.abc import Iterator

from tokenspec.conformance.checks.id_token import read_id_token
from tokenspec.conformance.errors import TargetUnusable
from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.transcript import Transcript
from tokenspec.conformance.play.wording import answer_text
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.preflight.step import CheckStep
from tokenspec.conformance.scenario.model import Setting, Step, StepKind

NEED, NAME = "second-user", "second user"
STEPS = (
    Step(StepKind.AUTHORIZE, "authorize"),
    Step(StepKind.TOKEN, "token"),
    Step(StepKind.AUTHORIZE, "authorize-2", user="second"),
    Step(StepKind.TOKEN, "token-2"),
)


def second_user(setup: Setup) -> Iterator[CheckStep]:
    """A code and its tokens for each of the two users."""
    if setup.missing((NEED,)):
        return
    try:
        transcript = play(setup.side, Setting(), STEPS)
    except TargetUnusable as error:
        yield CheckStep(NAME, passed=False, detail=error.message, hint=error.hint, need=NEED)
        return
    if not transcript.granted("token-2"):
        yield CheckStep(
            NAME,
            passed=False,
            detail=_how_far(transcript),
            hint="may the second user of 'login' use clients[0], with the same scope?",
            need=NEED,
        )
        return
    first, second = (_subject(transcript, name) for name in ("token", "token-2"))
    if first and first == second:
        yield CheckStep(
            NAME,
            passed=False,
            detail="the ID tokens of both logins have the same sub",
            hint="the second of 'login' has to be another user",
            need=NEED,
        )
        return
    login = setup.target.second_login
    who = f"{login.username} signed in" if login and login.username else "signed in"
    yield CheckStep(NAME, passed=True, detail=f"{who}, and has tokens", required=False)


def _how_far(transcript: Transcript) -> str:
    last = transcript.steps[-1]
    return transcript.stopped or f"the valid {last.step.kind} request was {answer_text(last)}"


def _subject(transcript: Transcript, name: str) -> object:
    played = transcript.step(name)
    token = read_id_token(played) if played else None
    return token.claims.get("sub") if token else None
