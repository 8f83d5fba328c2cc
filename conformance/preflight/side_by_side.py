"""Whether cases can be played at once: not where each authorization ends the one before it.

How long a grant lasts is the server's affair (RFC 6749 §1.4). Where a user has one grant for a
client, the code of one case ends that of another under way, and what is refused then shows nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from tokenspec.conformance.errors import LoginBlocked
from tokenspec.conformance.play.player import play
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.preflight.step import CheckStep
from tokenspec.conformance.scenario.model import Answer, Setting
from tokenspec.conformance.scenario.premises import PREMISES
from tokenspec.conformance.target.rules import Decision

NAME = "side by side"
# What waits for the end of a lifetime waits beside others, and would be ended by them.
LIFETIMES = ("code-lifetime", "access-token-lifetime", "refresh-token-lifetime")


def ended_by_the_next(setup: Setup) -> Iterator[CheckStep]:
    """A step where a later authorization of the main client ends the code before it; else none."""
    if setup.target.limits.jobs == 1:
        return
    way = PREMISES["earlier-code"].ways[0]
    try:
        last = play(setup.side, Setting(), way.steps).steps[-1]
    except LoginBlocked:
        return  # a sign-in of its own has passed before; whatever this is, cases will tell it
    if last.step.name != "token" or last.answer is not Answer.REFUSED:
        return
    if last.error == "invalid_grant":
        ended = Decision(False, "seen: a later authorization ends what came before it")
        yield CheckStep(
            NAME,
            passed=True,
            detail="a later authorization ends the code before it: one case is played at a time",
            required=False,
            learned=dict.fromkeys(LIFETIMES, ended),
        )
