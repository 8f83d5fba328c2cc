"""Every error the harness raises, in one tree.

TokenspecError
├── HarnessError               ours: the harness or its oracle is at fault (exit 3)
├── WrongUsage                 what tokenspec was given cannot be used (exit 4)
│   ├── UnusableFile           a file is wrong: names file, line, column and fix
│   └── UsageError             an option is wrong
├── TargetUnusable             nothing can be said about the target (exit 6)
│   ├── Unreachable            no answer: refused, reset, unknown host, TLS, too large
│   │   ├── TimedOut           no answer within the time allowed
│   │   ├── OutOfService       the target kept answering 503 with Retry-After
│   │   └── BrokenOff          the connection was closed before the answer was there
│   ├── RateLimited            the target kept answering 429
│   └── LoginBlocked           the login page could not be passed
└── Nonconformance             theirs: the target broke a requirement (exit 1)

Each carries a message a newcomer can act on and, where there is one, a hint that says what to do.
Messages change from release to release; `code` stays within a major version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from tokenspec.conformance.texts import harmless

__all__ = [
    "BrokenOff",
    "HarnessError",
    "LoginBlocked",
    "Nonconformance",
    "OutOfService",
    "Problem",
    "RateLimited",
    "TargetUnusable",
    "TimedOut",
    "TokenspecError",
    "Unreachable",
    "UnusableFile",
    "UsageError",
    "WrongUsage",
]


class TokenspecError(Exception):
    """The root of the tree; never raised itself.

    Args:
        message: what is wrong, in one sentence.
        hint: what to do about it; empty where nothing can be said.

    Attributes:
        code: a stable name of the class of error, for programs.
        message: as given, without control characters.
        hint: the same.
    """

    code: ClassVar[str] = "tokenspec-error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = harmless(message)  # it may quote what a server said
        self.hint = harmless(hint)

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class HarnessError(TokenspecError):
    """The harness, a bundled file or the oracle is at fault; never the target."""

    code = "harness-error"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a file."""

    file: str  # as the user named it, or as messages call a bundled one
    line: int  # counts from 1
    column: int  # counts from 1
    message: str  # what is wrong, in one sentence
    hint: str = ""  # what to do about it

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: {self.message}"
        return f"{place}\n  hint: {self.hint}" if self.hint else place


class WrongUsage(TokenspecError):  # noqa: N818 - the name says what holds, as users read it
    """What tokenspec was given cannot be used, whatever the target would answer."""

    code = "wrong-usage"


class UnusableFile(WrongUsage):
    """A file cannot be used; carries all its problems at once.

    Attributes:
        problems: each with its place.
    """

    code = "unusable-file"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(WrongUsage):
    """A command line or plugin option cannot be used."""

    code = "usage-error"


class TargetUnusable(TokenspecError):  # noqa: N818 - the name says what holds, as users read it
    """Configuration or network keeps the harness from judging the target."""

    code = "target-unusable"


class Unreachable(TargetUnusable):
    """A request got no usable answer."""

    code = "unreachable"


class TimedOut(Unreachable):
    """A request got no whole answer within the time allowed."""

    code = "timed-out"


class BrokenOff(Unreachable):
    """The connection was closed in place of an answer, or in the middle of one."""

    code = "broken-off"


class OutOfService(Unreachable):
    """The target kept answering 503 after the waits it asked for."""

    code = "out-of-service"


class RateLimited(TargetUnusable):
    """The target kept answering 429 after the waits it asked for."""

    code = "rate-limited"


class LoginBlocked(TargetUnusable):
    """The login page could not be passed, so no authorization code can be obtained.

    Attributes:
        stage: how far it came: `request`, `page`, `credentials`, `consent` or `code`.
    """

    code = "login-blocked"

    def __init__(self, message: str, hint: str = "", stage: str = "page") -> None:
        super().__init__(message, hint)
        self.stage = stage


class Nonconformance(TokenspecError):  # noqa: N818 - the word the report uses
    """The target broke a requirement."""

    code = "nonconformance"
