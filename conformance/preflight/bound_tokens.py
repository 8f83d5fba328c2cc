"""Whether a token that is announced as Bearer is bound all the same (RFC 9449 §5, §6, §7)."""

from __future__ import annotations

from tokenspec.conformance.checks.id_token import read_jwt
from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.preflight.exchange import CODE
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.scenario.model import (
    Answer,
    Changes,
    HttpChanges,
    JwtChanges,
    Outcome,
    Setting,
    Step,
    StepKind,
)

PROVEN = Changes(dpop=JwtChanges(), http=HttpChanges(authorization_scheme="DPoP"))
GOES_ON = (Outcome(Answer.GRANTED),)  # whatever the answer, the next step is played
WITH_PROOF = Step(StepKind.USERINFO, "userinfo", PROVEN, expect=GOES_ON)
INTROSPECTED = Step(StepKind.INTROSPECT, "introspect", expect=GOES_ON)


def binding_shown(setup: Setup, transcript: Transcript) -> str:
    """What shows that the token of an exchange with a proof is bound to its key; empty: nothing.

    Args:
        setup: the target.
        transcript: that exchange, and the token at userinfo without a proof, where there is one.

    Raises:
        LoginBlocked: the user could not be signed in.
        RateLimited: the target would not go on.
    """
    token, without = transcript.step("token"), transcript.step("userinfo")
    read = read_jwt(token.received.get("access_token")) if token else None
    if read is not None and _names(read.claims, transcript.jkt):
        return "the access token has cnf.jkt"
    further = [step for step in (WITH_PROOF, INTROSPECTED) if not setup.missing((_need(step),))]
    if not further:
        return ""
    again = play(setup.side, Setting(dpop=True), (*CODE, *further))
    introspected, proven = again.step("introspect"), again.step("userinfo")
    if introspected is not None and _names(introspected.received, again.jkt):
        return "introspection tells cnf.jkt"
    if _answered(without, Answer.REFUSED) and _answered(proven, Answer.GRANTED):
        return "userinfo takes the token with a proof alone"
    return ""


def _need(step: Step) -> str:
    return "userinfo" if step.kind is StepKind.USERINFO else "introspection"


def _names(members: object, jkt: str) -> bool:
    confirmation = members.get("cnf") if isinstance(members, dict) else None
    return isinstance(confirmation, dict) and bool(jkt) and confirmation.get("jkt") == jkt


def _answered(played: Played | None, answer: Answer) -> bool:
    return played is not None and played.answer is answer
