"""Whether a server knows the parameter dpop_jkt, or passes it over (RFC 6749 §3.1)."""

from __future__ import annotations

from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.transcript import Transcript
from tokenspec.conformance.play.wording import answer_text
from tokenspec.conformance.preflight.exchange import CODE
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.scenario.model import Change, Changes, Setting, Step, StepKind
from tokenspec.conformance.target.rules import Decision

JKT = "dpop-jkt"


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
