"""Whether an answer is the one an outcome describes, and if not, in what it differs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from tokenspec.conformance.errors import HarnessError
from tokenspec.conformance.oauth.error_codes import ERROR_CODES
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.scenario.model import (
    AT_TOKEN_ENDPOINT,
    Answer,
    Change,
    Outcome,
)

BAD_REQUEST = 400
LONGEST = 120  # characters of a value that is quoted
TOLD_STATUSES = (400, 401)
STATUS_CHECK, CODE_CHECK = "error-status", "error-code-known"

# the name of a check, the answer and its play, to the problems found; None: not spoken of
Look = Callable[[str, Played, Transcript], Iterable[str] | None]


@dataclass(frozen=True, slots=True)
class Difference:
    """How an answer differs from an outcome, gathered by what it means."""

    answer: bool = False  # another class altogether, or not what the outcome is for
    error: tuple[str, ...] = ()  # status or error code
    shape: tuple[str, ...] = ()  # members, headers, checks
    excess: tuple[str, ...] = ()  # members that must not be there
    unseen: bool = False  # nothing was asked of it but checks, and none speaks of such an answer

    @property
    def none(self) -> bool:
        """Whether the answer is the one described."""
        return not (self.answer or self.error or self.shape or self.excess)


def difference(
    outcome: Outcome,
    played: Played,
    transcript: Transcript,
    look: Look,
    told: Collection[str] = (),
) -> Difference:
    """How `played` differs from `outcome`; shape is compared only within the same class.

    `told` are checks that every answer of the run is looked at by: what they tell is told by them.
    """
    if not _of_its_class(outcome, played) or not _applies(outcome, transcript):
        return Difference(answer=True)
    looks = [look(name, played, transcript) for name in outcome.checks]
    seen = [problems for problems in looks if problems is not None]
    return Difference(
        error=tuple(_errors(outcome, played, told)),
        shape=(*_shape(outcome, played, transcript), *chain.from_iterable(seen)),
        excess=tuple(_excess(outcome, played)),
        unseen=outcome.looks_only and not seen,
    )


def _of_its_class(outcome: Outcome, played: Played) -> bool:
    """Whether an answer is of the class described.

    RFC 9126 §2.3: what the authorization endpoint would say no to, by redirect or on a page, is
    refused in one way where it is pushed.
    """
    if played.pushing and played.answer is Answer.REFUSED:
        return outcome.answer in (Answer.REFUSED, Answer.ERROR_PAGE)
    return played.answer is outcome.answer


def _applies(outcome: Outcome, transcript: Transcript) -> bool:
    """Whether the other steps were answered as the outcome takes for granted."""
    others = ((transcript.step(name), answer) for name, answer in outcome.where.items())
    return all(played is not None and played.answer is answer for played, answer in others)


def _excess(outcome: Outcome, played: Played) -> Iterator[str]:
    for name in outcome.lacks:
        if _member(played.received, name) is not None:
            yield f"{name} is there"
    granted = sum(answer is Answer.GRANTED for answer in played.together)
    if outcome.at_most and granted > outcome.at_most:
        yield f"{granted} of {len(played.together)} requests sent at once were granted"


def _errors(outcome: Outcome, played: Played, told: Collection[str]) -> Iterator[str]:
    if CODE_CHECK in told and _code_told_once(played):
        return
    once = STATUS_CHECK in told and _status_told_once(played)
    once = once or played.pushing  # a status of the authorization endpoint says nothing of this one
    if outcome.status and played.status not in outcome.status and not once:
        yield f"status {played.status}"
    if outcome.error and played.error not in outcome.error:
        yield f"error {played.error!r}" if played.error else "no error code"


def _status_told_once(played: Played) -> bool:
    """Whether a status is a fault of every refusal alike, which a check tells once."""
    return _token_refused(played) and played.status < BAD_REQUEST


def _code_told_once(played: Played) -> bool:
    """Whether an error code is none at all, of every refusal alike, which a check tells once.

    What is generated is judged without that check.
    """
    read = played.status in TOLD_STATUSES or played.status < BAD_REQUEST
    unknown = bool(played.error) and played.error not in ERROR_CODES
    return _token_refused(played) and not played.step.oracle and read and unknown


def _token_refused(played: Played) -> bool:
    asked = played.step.kind in AT_TOKEN_ENDPOINT
    return asked and played.answer is Answer.REFUSED


def _shape(outcome: Outcome, played: Played, transcript: Transcript) -> Iterator[str]:
    for name in outcome.has:
        if _member(played.received, name) is None:
            yield f"{name} is missing"
    for name, change in outcome.equals.items():
        wanted, found = _wanted(change, transcript), _member(played.received, name)
        if found is None:
            yield f"{name} is missing"
        elif found != wanted:
            yield f"{name} is {_shown(found)} in place of {_shown(wanted)}"
    for name, pattern in outcome.headers.items():
        values = played.response.header_all(name) if played.response else ()
        if not any(re.search(pattern, value, re.IGNORECASE) for value in values):
            yield f"header {name} does not say {pattern!r}" if values else f"no header {name}"


def _shown(value: Any) -> str:
    """A value as JSON, so that `true` and `"true"` are told apart.

    It is quoted whole or not at all: the half of a secret would not be known for one.
    """
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else "another value"


def _wanted(change: Change, transcript: Transcript) -> Any:
    if change.operator == "value":
        return change.argument
    if change.operator == "copy":
        return transcript.recall(str(change.argument))
    raise HarnessError(f"'equals' takes a value or 'copy', not {change.operator!r}")


def _member(received: Mapping[str, Any], name: str) -> Any:
    """A member of the answer; dots lead into nested objects."""
    if name in received:
        return received[name]
    head, dot, rest = name.partition(".")
    inner = received.get(head)
    return _member(inner, rest) if dot and isinstance(inner, Mapping) else None
