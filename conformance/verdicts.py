"""The words of a judgement."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tokenspec.conformance.scenario.model import Answer


class Verdict(StrEnum):
    """What is said of a case."""

    PASS = "pass"
    FAIL = "fail"  # a MUST is broken
    WARN = "warn"  # a SHOULD is broken, or the error differs from the one named
    OBSERVE = "observe"  # no rule; recorded
    UNSTEADY = "unsteady"  # broken at first, and not so when played again alone
    DEVIATION = "deviation"  # a documented difference the profile allows
    WAIVED = "waived"
    STALE_WAIVER = "stale-waiver"
    NOT_APPLICABLE = "not-applicable"
    COULD_NOT_RUN = "could-not-run"


AT_REGISTERED = "the code came to the registered address"  # note: where a wrong one led
BROKEN = (Verdict.FAIL, Verdict.WARN)
IN_DOUBT = (*BROKEN, Verdict.COULD_NOT_RUN)  # what counts only if it comes again


class Kind(StrEnum):
    """How an answer failed."""

    NONE = ""
    ACCEPTED = "accepted"  # granted what had to be refused
    REFUSED = "refused"  # refused what had to be granted
    WRONG_ERROR = "wrong-error"  # refused, but otherwise than named
    WRONG_ENVELOPE = "wrong-envelope"  # the answer is not shaped as it has to be
    SERVER_ERROR = "server-error"
    TIMEOUT = "timeout"
    LEAK = "leak"  # sent something to where it must not go


SEVERITY = (
    Verdict.NOT_APPLICABLE,  # an answer without what the case looks at
    Verdict.PASS,
    Verdict.OBSERVE,
    Verdict.DEVIATION,
    Verdict.WARN,
    Verdict.COULD_NOT_RUN,
    Verdict.FAIL,
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and what it rests on.

    `step` is the step that decided it; `answer`, `status` and `error` are that step's, where it
    was answered. `races` is how often a race was run until this came of it; 0 where it is none.
    """

    verdict: Verdict
    kind: Kind = Kind.NONE
    step: str = ""
    expected: str = ""
    observed: str = ""
    note: str = ""
    answer: Answer | None = None
    status: int = 0
    error: str = ""
    races: int = 0


def worst(judgements: list[Judgement]) -> Judgement:
    """The gravest judgement, the earliest of equals; a pass of nothing does not count."""
    if not judgements:
        return Judgement(Verdict.COULD_NOT_RUN, note="no step was judged")
    return max(judgements, key=lambda judgement: SEVERITY.index(judgement.verdict))
