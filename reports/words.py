"""The words of every report: verdicts, kinds and levels, in plain language."""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Word:
    """A verdict as people read it. `sign` is the symbol it has where space is short."""

    name: str
    label: str
    phrase: str  # follows a number of cases
    sign: str
    meaning: str


VERDICTS: tuple[Word, ...] = (
    Word(
        "fail",
        "Failed",
        "failed",
        "✕",
        "A requirement of level MUST or MUST NOT is broken. It decides the verdict of the run.",
    ),
    Word(
        "stale-waiver",
        "Stale waiver",
        "with a stale waiver",
        "!",
        "A waiver covers this case and should not: the case passes, or fails in another way, or "
        "the waiver has expired. It fails the run until the waiver is corrected or removed.",
    ),
    Word(
        "could-not-run",
        "Could not run",
        "could not run",
        "?",
        "Nothing can be said. Most often the control, the valid exchange sent just before, was "
        "refused: a refusal of the case itself would then prove nothing. Or a premise does not "
        "hold, such as that this client gets a token. This is neither a pass nor a failure.",
    ),
    Word(
        "unsteady",
        "Unsteady",
        "unsteady",
        "~",
        "The case failed at first, and did not when it was played again with nothing else under "
        "way. Both answers are shown. It does not count as broken, nor as passed. Where more MUSTs "
        "are so than anything is said of, the run is not established.",
    ),
    Word(
        "warn",
        "Warning",
        "with a warning",
        "▲",
        "A recommendation (SHOULD) is not followed, or a request was rightly refused but with "
        "another error code than the one the specification names.",
    ),
    Word(
        "deviation",
        "Deviation",
        "deviating as documented",
        "≠",
        "The server differs from the rule in a way its vendor documents and the chosen profile "
        "allows. The source of that statement is shown.",
    ),
    Word(
        "waived",
        "Waived",
        "waived",
        "⊘",
        "The requirement is broken, and the owner of the target has accepted that for now, with a "
        "reason and an expiry date. A waiver hides nothing: the finding is shown in full.",
    ),
    Word(
        "observe",
        "Observed",
        "observed",
        "◦",
        "No rule decides; what the server did is recorded.",
    ),
    Word(
        "pass",
        "Passed",
        "passed",
        "✓",
        "The server did what the requirement asks, in this case. A refusal counts only because the "
        "control was granted before.",
    ),
    Word(
        "not-applicable",
        "Not applicable",
        "not applicable",
        "–",
        "The case needs something that this server, or the target file, does not have, or looks at "
        "something that the answer does not hold. The reason is shown.",
    ),
)  # the gravest first
WORDS = {word.name: word for word in VERDICTS}
OTHER = Word("other", "Other", "other", "*", "A verdict this release does not know.")

KINDS = {
    "accepted": "The server granted a request that had to be refused.",
    "refused": "The server refused a request that had to be granted.",
    "wrong-error": "The server refused the request, as it had to, but not in the way it had to.",
    "wrong-envelope": "The answer is not shaped as it has to be: a header, the status or a member "
    "is missing or wrong.",
    "server-error": "The server failed with an internal error, or closed the connection at this "
    "request each time and answered others.",
    "timeout": "No answer came in time.",
    "leak": "The server sent something to a place where it must not go.",
}
CONFIDENCE = {
    "recorded": "an HTTP recording kept by the vendor",
    "documented": "the vendor's documentation",
    "observed": "answers shown by users",
}
LEVELS = {
    "MUST": "An absolute requirement of the specification (also REQUIRED, SHALL).",
    "MUST NOT": "An absolute prohibition.",
    "SHOULD": "Recommended: there may be good reasons not to follow it (also RECOMMENDED).",
    "SHOULD NOT": "Discouraged: there may be good reasons to do it all the same.",
    "MAY": "Left to the server (also OPTIONAL). What it does is recorded.",
}


# beside which requests valid steps failed, and alone not
FEWER = (
    "Valid requests failed while {first} cases were played at once, and did not alone: in the end "
    "{last} {were} played at once."
)


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 case, 2 cases."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def word(verdict: str) -> Word:
    """The word for a verdict; unknown ones have a word too."""
    return WORDS.get(verdict, OTHER)


def slug(text: str) -> str:
    """`text` as part of an anchor."""
    return _UNSAFE.sub("--", text)


def case_anchor(key: str) -> str:
    """Where a case stands in the audit page."""
    return f"case-{slug(key)}"
