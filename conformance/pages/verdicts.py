"""docs/reference/verdicts.md: the words of a finding, and the exit codes."""

from __future__ import annotations

from collections.abc import Iterator

from tokenspec.conformance.pages.table import table
from tokenspec.conformance.record.conclusion import MEANING, ExitCode, Tally
from tokenspec.reports.words import KINDS, LEVELS, VERDICTS

HEAD = """\
# Verdicts and exit codes

What a run says of each case, and what it says as a whole. `tokenspec explain WORD` has the same
words; [why a verdict can be trusted](../trust.md) has the reasons.
"""
ENDS = """\
The gravest that holds is the one that is given: interrupted, then a fault of tokenspec, then
nonconformities, then not established.
"""


def text() -> str:
    """The page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield HEAD
    yield "## Verdicts\n"
    ends = {word.name: _code_of(word.name) for word in VERDICTS}
    yield from table(
        ("verdict", "sign", "what it says", "alone, a MUST ends the run with"),
        ((f"`{w.name}`", w.sign, w.meaning, str(int(ends[w.name]))) for w in VERDICTS),
    )
    yield "## Kinds of failure\n"
    yield from table(("kind", "what was seen"), ((f"`{k}`", m) for k, m in KINDS.items()))
    yield "## Levels\n"
    yield from table(("level", "what it weighs"), ((f"`{k}`", m) for k, m in LEVELS.items()))
    yield "## Exit codes\n"
    yield ENDS
    yield from table(("exit code", "meaning"), ((str(int(one)), MEANING[one]) for one in ExitCode))


def _code_of(verdict: str) -> ExitCode:
    counted = Tally()
    counted.add({"verdict": "pass", "level": "MUST"})
    counted.add({"verdict": verdict, "level": "MUST"})
    return counted.exit_code
