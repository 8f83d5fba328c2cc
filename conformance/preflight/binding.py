"""What is bound to the key of a DPoP proof: codes asked for with dpop_jkt, and tokens.

A server may know the parameter dpop_jkt or pass it over (RFC 6749 §3.1), and may bind a token that
it announces as Bearer (RFC 9449 §5, §6, §7).
"""

from __future__ import annotations

from tokenspec.conformance.checks.id_token import read_jwt
from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.play.wording import answer_text
from tokenspec.conformance.preflight.exchange import CODE
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.scenario.model import (
    Answer,
    Change,
    Changes,
    HttpChanges,
    JwtChanges,
    Outcome,
    Setting,
    Step,
    StepKind,
)
from tokenspec.conformance.target.rules import Decision

JKT = "dpop-jkt"
PROVEN = Changes(dpop=JwtChanges(), http=HttpChanges(authorization_scheme="DPoP"))
GOES_ON = (Outcome(Answer.GRANTED),)  # whatever the answer, the next step is played
WITH_PROOF = Step(StepKind.USERINFO, "userinfo", PROVEN, expect=GOES_ON)
INTROSPECTED = Step(StepKind.INTROSPECT, "introspect", expect=GOES_ON)


def learned_of_jkt(setup: Setup) -> dict[str, Decision]:
    """`dpop-jkt`: by a code asked for with another key's thumbprint, and with the right one.

    Raises:
        LoginBlocked: the user could not be signed in.
        RateLimited: the target would not go on.
    """
    if not setup.decisions[JKT].open or "dpop" in setup.unmet:
        return {}
    if _exchange(setup, "dpop.other_jkt").granted("token"):
        why = "seen: a code of another dpop_jkt was redeemed; it is passed over"
        return {JKT: Decision(False, why)}
    own = _exchange(setup, "dpop.jkt")
    if own.granted("token"):
        return {JKT: Decision(True, "seen: a code of another dpop_jkt was refused")}
    last = own.steps[-1] if own.steps else None
    said = f"{last.step.name} was {answer_text(last)}" if last else own.stopped
    why = setup.redactor.text(f"seen: with dpop_jkt the valid {said}")
    return {JKT: Decision(False, why)}


def _exchange(setup: Setup, thumbprint: str) -> Transcript:
    bound = Changes({"dpop_jkt": Change("copy", thumbprint)})
    steps = (Step(StepKind.AUTHORIZE, "authorize", bound), CODE[1])
    return play(setup.side, Setting(dpop=True), steps)


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
