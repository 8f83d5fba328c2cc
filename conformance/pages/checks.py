"""docs/reference/checks.md: what is looked at in one answer, by name."""

from __future__ import annotations

from tokenspec.conformance.checks import CHECKS
from tokenspec.conformance.pages.table import table

HEAD = """\
# Checks

A check is a named look at one answer. A scenario asks for it by `checks: [name]` in an outcome, and
a scenario with `every_response: true` has it made on every answer of a run.
[Scenarios](scenarios.md) has the rest of the format. `tokenspec explain NAME` says the same.
"""


def text() -> str:
    """The page."""
    rows = ((f"`{check.name}`", check.summary) for _, check in sorted(CHECKS.items()))
    return "\n".join([HEAD, *table(("check", "finds a fault unless"), rows)])
