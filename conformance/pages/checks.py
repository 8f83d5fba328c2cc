"""docs/reference/checks.md: what is looked at in one answer, by name."""

from __future__ import annotations

from tokenspec.conformance.checks import CHECKS
from tokenspec.conformance.pages.table import table

HEAD = """\
# Checks

A check is a named look at one answer. A scenario asks for it by `checks: [name]` in an outcome, and
a scenario with `every_response: true` has it made on every answer of a run. A check is made only on
answers that it speaks of. A case that saw none of them does not apply, or could not run.
[Scenarios](scenarios.md) has the rest of the format. `tokenspec explain NAME` says the same.
"""


def text() -> str:
    """The page."""
    rows = (
        (f"`{check.name}`", "; ".join(check.speaks_of), check.summary)
        for _, check in sorted(CHECKS.items())
    )
    return "\n".join([HEAD, *table(("check", "speaks of", "finds a fault unless"), rows)])
