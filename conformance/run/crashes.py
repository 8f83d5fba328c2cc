"""A server that dies of a request: it answers before and after, and closes the connection at it.

So does one that a gateway answers for, or that says it is out of service, at this request alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tokenspec.conformance.http import OUT_OF_SERVICE
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.scenario.model import Answer

CLOSED = "the connection was closed"
SAID = "{} at this request each time, and other requests are answered"
MORE = 3  # plays after the first two, before a server is said to have died of a request


def with_crash(
    plays: Sequence[Transcript], again: Callable[[], Transcript], alive: Callable[[], bool]
) -> Transcript:
    """The last of several plays of a case; a step that the server died of is a server error there.

    A connection that is closed once is luck, and one that is closed whatever is sent a server that
    is gone. In the middle is a crash: what a worker that died looks like from outside. A network
    that breaks each so manyth connection may break two plays at the same place; so further ones
    follow, each with another number of ordinary requests before it.

    Args:
        plays: of one case, in turn.
        again: plays it once more.
        alive: whether the server answers something ordinary now.
    """
    last = plays[-1]
    names = {_closed_at(play) for play in plays}
    if len(plays) == 1 or len(names) > 1 or names == {""}:
        return last
    for number in range(1, MORE + 1):
        if not all(alive() for _ in range(number)):
            return last
        last = again()
        if _closed_at(last) not in names:
            return last
    if not alive():
        return last
    return replace(last, steps=tuple(map(_as_crash, last.steps)))


def _closed_at(play: Transcript) -> str:
    """The step at which the connection was closed; empty where it was at none."""
    return next((played.step.name for played in play.steps if _away(played)), "")


def _away(played: Played) -> bool:
    return played.closed or (played.status in OUT_OF_SERVICE and bool(played.missing))


def _as_crash(played: Played) -> Played:
    if not _away(played):
        return played
    said = SAID.format(CLOSED if played.closed else f"status {played.status}")
    return replace(played, answer=Answer.SERVER_ERROR, failure=said, fatal=True)
