"""docs/reference/errors.md: every error with its code, and what to do about it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping

from tokenspec.conformance.errors import TokenspecError
from tokenspec.conformance.pages.table import table
from tokenspec.conformance.record.conclusion import exit_code_of_class

HEAD = """\
# Errors

What goes wrong beside the verdicts. A command prints `tokenspec: MESSAGE` to the standard error
stream, a hint below it where there is one, and ends with the exit code. Messages become better from
release to release; scripts rely on the exit code. Python code relies on the class, a subclass of
`tokenspec.conformance.errors.TokenspecError`, or on its `code`. Class, code and exit code stay
within a major version. [Verdicts and exit codes](verdicts.md) has what a whole run says.
"""
REMEDIES: Mapping[str, str] = {
    "harness-error": "Run the same command again. If the error comes again, report it as a bug, "
    "with the whole message.",
    "inapplicable-operator": "Change the operator in the scenario, or the step it belongs to.",
    "unchanging-operator": "Never ends a command: the case is told as one that does not apply.",
    "unfit-answer": "Never ends a command: the case is told as one that could not run.",
    "wrong-usage": "Change what the message names.",
    "unusable-file": "Change each place that the message lists as file, line and column.",
    "usage-error": "Compare the command line with [commands and options](commands.md).",
    "target-unusable": "Run `tokenspec check` on the target file: it names the first step that "
    "fails.",
    "unreachable": "Compare the address, proxy and certificates in the [target file]"
    "(../target-file.md) with those of the server, and see that the server runs.",
    "broken-off": "See the server's log for what happened to the request, or a proxy's before it.",
    "timed-out": "See why the server is slow, or raise the time limit in the target file.",
    "out-of-service": "Run again when the server is in service; `--resume` keeps what was judged.",
    "rate-limited": "Lower `rate` in the target file, or use `--rate`; or allow more at the "
    "server.",
    "login-blocked": "Run `tokenspec check`, which shows how far the login came; [Sign in]"
    "(../login.md) has a driver for each kind of login page.",
    "nonconformance": "Read the finding in the report: it has what was sent, what was expected and "
    "what came back.",
}


def text() -> str:
    """The page."""
    head = ("code", "class", "when", "exit code", "what to do")
    return "\n".join([HEAD, *table(head, map(_row, error_classes()))])


def error_classes(above: type[TokenspecError] = TokenspecError) -> Iterator[type[TokenspecError]]:
    """Every class of the tree below `above`, each before those below it."""
    for kind in above.__subclasses__():
        yield kind
        yield from error_classes(kind)


def _row(kind: type[TokenspecError]) -> tuple[str, ...]:
    when, *_ = inspect.cleandoc(kind.__doc__ or "").partition("\n")
    code = str(int(exit_code_of_class(kind)))
    return f"`{kind.code}`", f"`{kind.__name__}`", when, code, REMEDIES[kind.code]
