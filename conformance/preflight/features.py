"""What a target can do that neither its metadata nor its file says: found out by asking it.

Nonces: a server that asks for them may go by them instead of the time of a proof (RFC 9449 §11.1).
Bound tokens: a server may answer a proof with a bearer token (RFC 9449 §5).
dpop_jkt: a server that does not know the parameter passes it over (RFC 6749 §3.1).
"""

from __future__ import annotations

from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.transcript import Transcript
from tokenspec.conformance.play.wording import answer_text
from tokenspec.conformance.preflight.setup import Setup, with_features
from tokenspec.conformance.scenario.model import (
    Answer,
    Change,
    Changes,
    JwtChanges,
    Setting,
    Step,
    StepKind,
)
from tokenspec.conformance.target.rules import Decision

NONCE, WINDOW, BOUND, JKT = "dpop-nonce", "dpop-window", "dpop-bound", "dpop-jkt"
NEEDED = ("code", "dpop")
DAY = 24 * 3600  # seconds
UNCHANGED = Changes()


def probe_features(setup: Setup) -> Setup:
    """`setup` with every open capability decided, by a valid exchange or two.

    Raises:
        LoginBlocked: the user could not be signed in.
        RateLimited: the target would not go on.
    """
    if setup.missing(NEEDED):
        return setup
    learned: dict[str, Decision] = {}
    if setup.decisions[NONCE].open or setup.decisions[BOUND].open:
        further = () if setup.missing(("userinfo",)) else (Step(StepKind.USERINFO, "userinfo"),)
        transcript = _exchange(setup, further)
        learned |= _nonces(setup) if setup.decisions[NONCE].open else {}
        learned |= _bound(transcript) if setup.decisions[BOUND].open else {}
    if setup.decisions[JKT].open:
        learned[JKT] = _jkt(setup)
    return with_features(setup, learned) if learned else setup


def _nonces(setup: Setup) -> dict[str, Decision]:
    """Whether the valid exchange was given nonces on its way (RFC 9449 §8, §8.2, §9)."""
    given, endpoints = setup.side.nonces, setup.side.endpoints
    asked = bool(given.get(endpoints.token))
    said = f"seen: the token endpoint gave {'a nonce' if asked else 'none'}"
    learned = {NONCE: Decision(asked, said)}
    if given.get(endpoints.userinfo) and not asked:
        learned[WINDOW] = Decision(False, "seen: userinfo gave a nonce, and may go by it")
    elif not asked and _by_nonce_when_old(setup):
        learned[WINDOW] = Decision(False, "seen: a proof of yesterday is answered with a nonce")
    return learned


def _bound(transcript: Transcript) -> dict[str, Decision]:
    """Whether the valid exchange brought a bound token, as token_type says (RFC 9449 §5)."""
    if not _granted(transcript):
        return {}
    shown = str(transcript.steps[1].received.get("token_type"))[:40]
    return {BOUND: Decision(shown.lower() == "dpop", f"seen: token_type {shown!r}")}


def _by_nonce_when_old(setup: Setup) -> bool:
    """Whether a server without nonces asks for one where the time of a proof does not fit."""
    yesterday = JwtChanges(claims={"iat": Change("shift_seconds", -DAY)})
    play(setup.side, Setting(dpop=True), _steps(token=Changes(dpop=yesterday)))
    return bool(setup.side.nonces.get(setup.side.endpoints.token))


def _jkt(setup: Setup) -> Decision:
    """Whether a code is refused to another key than the one named, and given to the right one."""
    strange = _exchange(setup, dpop_jkt=Change("copy", "dpop.other_jkt"))
    if _granted(strange):
        return Decision(False, "seen: a code of another dpop_jkt was redeemed; it is passed over")
    own = _exchange(setup, dpop_jkt=Change("copy", "dpop.jkt"))
    if _granted(own):
        return Decision(True, "seen: a code of another dpop_jkt was refused")
    last = own.steps[-1] if own.steps else None
    said = f"{last.step.name} was {answer_text(last)}" if last else own.stopped
    return Decision(False, setup.redactor.text(f"seen: with dpop_jkt the valid {said}"))


def _exchange(setup: Setup, further: tuple[Step, ...] = (), **parameters: Change) -> Transcript:
    steps = _steps(Changes(parameters))
    return play(setup.side, Setting(dpop=True), (*steps, *further))


def _steps(authorize: Changes = UNCHANGED, token: Changes = UNCHANGED) -> tuple[Step, ...]:
    return (
        Step(StepKind.AUTHORIZE, "authorize", authorize),
        Step(StepKind.TOKEN, "token", token),
    )


def _granted(transcript: Transcript) -> bool:
    last = transcript.step("token")
    return last is not None and last.answer is Answer.GRANTED
