"""Whether the time of a DPoP proof is checked, or a nonce may stand for it.

RFC 9449 §4.3, check 11: the time of a proof lies in an acceptable window, by its `iat` or by what
the server put into the nonce. So a server that goes by nonces may pass over `iat`, and one that
asks for a nonce where `iat` does not fit has its say there. One that takes an old proof without
any has neither, and is held to the window.
"""

from __future__ import annotations

from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.transcript import Played
from tokenspec.conformance.preflight.exchange import CODE
from tokenspec.conformance.preflight.proofs import USERINFO
from tokenspec.conformance.preflight.setup import Setup
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

WINDOW = "dpop-window"
DAY = 24 * 3600  # seconds
YESTERDAY = Change("shift_seconds", -DAY)
WITHOUT = Change("omit")


def learned_of_the_window(setup: Setup) -> dict[str, Decision]:
    """`dpop-window`, by proofs of yesterday.

    Raises:
        LoginBlocked: the user could not be signed in.
        RateLimited: the target would not go on.
    """
    if not setup.decisions[WINDOW].open or "dpop" in setup.unmet:
        return {}
    if setup.decisions["dpop-nonce"].present:
        return {WINDOW: Decision(False, "seen: nonces are demanded, which may stand for the time")}
    return {WINDOW: _at_token_endpoint(setup) or _at_userinfo(setup)}


def _at_token_endpoint(setup: Setup) -> Decision | None:
    """Why the time need not be checked; None where it has to be."""
    bare = _token(setup, {"iat": YESTERDAY, "nonce": WITHOUT})
    if bare is None or bare.answer is Answer.GRANTED:
        return None
    if bare.error == "use_dpop_nonce":
        return Decision(False, "seen: a proof of yesterday is asked for a nonce")
    if not setup.side.nonces.get(setup.side.endpoints.token):
        return None
    dated = _token(setup, {"iat": YESTERDAY})
    if dated is not None and dated.answer is Answer.GRANTED:
        return Decision(False, "seen: a good nonce stands for the time of a proof")
    return None


def _at_userinfo(setup: Setup) -> Decision:
    """The same where the access token is shown."""
    seen = Decision(True, "seen: no nonce stands for the time of a proof")
    if setup.missing(("userinfo", "dpop-bound")):
        return seen
    if not setup.side.nonces.get(setup.side.endpoints.userinfo):
        return seen
    old = Changes(dpop=JwtChanges(claims={"iat": YESTERDAY}))
    steps = (*CODE, Step(StepKind.USERINFO, USERINFO.name, old))
    if play(setup.side, Setting(dpop=True), steps).granted(USERINFO.name):
        return Decision(False, "seen: userinfo gave a nonce, which stands for the time of a proof")
    return seen


def _token(setup: Setup, claims: dict[str, Change]) -> Played | None:
    """A token request whose proof differs in these claims."""
    odd = Changes(dpop=JwtChanges(claims=claims))
    steps = (CODE[0], Step(StepKind.TOKEN, "token", odd))
    return play(setup.side, Setting(dpop=True), steps).step("token")
