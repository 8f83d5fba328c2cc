"""Expectations and answers in words, for findings."""

from __future__ import annotations

from collections.abc import Iterator

from tokenspec.conformance.play.transcript import Played
from tokenspec.conformance.scenario.model import Answer, Outcome

ANSWERS = {
    Answer.GRANTED: "granted",
    Answer.REFUSED: "refused",
    Answer.ERROR_PAGE: "an error page and no redirect",
    Answer.LOGIN_PAGE: "a page for the user",
    Answer.ELSEWHERE: "a redirect to a URI that was not to be used",
    Answer.SERVER_ERROR: "a server error",
    Answer.NO_ANSWER: "no answer",
}
LONGEST = 200  # characters of a value of the target's that a finding shows


def outcome_text(outcomes: tuple[Outcome, ...]) -> str:
    """`refused: 400 invalid_grant, or …`."""
    passing = [outcome for outcome in outcomes if outcome.verdict == "pass"]
    return ", or ".join(dict.fromkeys(_outcome(outcome) for outcome in passing or outcomes))


def _outcome(outcome: Outcome) -> str:
    details = ", ".join(_details(outcome))
    place = f" at {outcome.at}" if outcome.at else ""
    return ANSWERS[outcome.answer] + place + (f" ({details})" if details else "")


def _details(outcome: Outcome) -> Iterator[str]:
    if outcome.status:
        yield " or ".join(str(status) for status in outcome.status)
    if outcome.error:
        yield " or ".join(outcome.error)
    if outcome.has:
        yield "with " + ", ".join(outcome.has)
    if outcome.at_most:
        yield f"at most {outcome.at_most} of the requests sent at once"
    if outcome.lacks:
        yield "without " + ", ".join(outcome.lacks)
    for name in outcome.equals:
        yield f"{name} as expected"
    for name, pattern in outcome.headers.items():
        yield f"header {name}" + (f" saying {pattern}" if pattern else "")


def answer_text(played: Played) -> str:
    """`refused: 400 invalid_grant`; a value of the target's is cut, never interpreted."""
    parts = [ANSWERS[played.answer] + (" where it was pushed" if played.pushing else "")]
    if played.failure:
        parts.append(played.failure)
    if played.response is not None:
        parts.append(f"status {played.response.status}")
    elif played.authorization is not None and played.answer is not Answer.GRANTED:
        parts.append(
            f"status {played.authorization.status}"
            if played.authorization.status
            else "by redirect"
        )
    if played.error:
        parts.append(f"error {played.error[:LONGEST]}")
    if played.answer is Answer.GRANTED and "token_type" in played.received:
        names = sorted(str(name)[:40] for name in played.received)
        parts.append("with " + ", ".join(names)[:LONGEST])
    return ": ".join((parts[0], ", ".join(parts[1:]))) if parts[1:] else parts[0]
