"""What came before an answer in the same play, where a verdict depends on it."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.model import Surround, check
from conformance.play.transcript import Played, Transcript
from conformance.scenario.model import Answer


@check("granted-in-turn")
def granted_in_turn(played: Played, transcript: Transcript, _s: Surround) -> Iterator[str]:
    """The last such request before the race was granted as well."""
    earlier = [p for p in transcript.steps if p.step.kind is played.step.kind]
    before = [p for p in earlier if not p.step.raced and p is not played]
    if not before or before[-1].answer is not Answer.GRANTED:
        yield "the same was refused where the requests came in turn"
