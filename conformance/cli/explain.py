"""`tokenspec explain`: an id or a word of a report in plain words."""

from __future__ import annotations

import argparse
import difflib
import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tokenspec.conformance.checks import CHECKS
from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.play.wording import outcome_text
from tokenspec.conformance.profile.wording import level_by_profile, readings
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.conformance.registry import Registry
from tokenspec.conformance.registry.advisories import Advisory, published_advisories
from tokenspec.conformance.registry.model import Requirement
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.scenario.wording import changes_in_words
from tokenspec.conformance.target.capabilities import CAPABILITIES
from tokenspec.reference_server.alterations.defects import DEFECTS
from tokenspec.reference_server.alterations.liberties import LIBERTIES

WIDTH, INDENT = 96, 15
EPILOG = """\
examples:
  tokenspec explain RFC7636-4.6                     every requirement of a section
  tokenspec explain pkce-verifier-wrong             a scenario and its cases
  tokenspec explain CVE-2023-48228                  which case would have found it
  tokenspec explain dpop.htu_prefix                 a defect of 'tokenspec serve --defect'
  tokenspec explain could-not-run                   a verdict
"""
WORDS = {
    "pass": "the target did what the requirement asks",
    "fail": "a MUST or MUST NOT is broken; the run ends with exit code 1",
    "warn": "a SHOULD is broken, or a refusal came with another error code than the one named",
    "observe": "no rule decides; what the target did is written down",
    "deviation": "a documented difference of the vendor that the chosen profile allows",
    "waived": "a failure that a waiver excuses until it expires",
    "stale-waiver": "a waiver excuses what does not fail; the run fails until it is taken out",
    "not-applicable": "the target has not got what the case needs; the reason is beside it",
    "could-not-run": "nothing could be said, for the reason beside it; a MUST that could not run "
    "ends the run with exit code 6",
    "unsteady": "failed at first, and not when played again alone; neither broken nor passed",
    "accepted": "kind of failure: granted what had to be refused",
    "refused": "kind of failure: refused what had to be granted",
    "wrong-error": "kind of failure: refused as it should be, with another status or error code",
    "wrong-envelope": "kind of failure: the answer is not shaped as it has to be",
    "server-error": "kind of failure: a status of 500 or above",
    "timeout": "kind of failure: no answer, or not in time",
    "leak": "kind of failure: something was sent to where it must not go",
    "control": "the valid exchange played before a case: a refusal without it proves nothing",
    "premise": "what cases take for granted of a client, asked once a run; where it does not hold, "
    "they could not run",
    "oracle": "the reference server beside the target; its answer has to satisfy every scenario",
}
Lines = Iterator[str]


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "explain",
        help=VERBS["explain"].help,
        description="Explain an id or a word that a report uses.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("id", metavar="ID", nargs="+", help="an id or word from a report")
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Print what is known of each id.

    Raises:
        UsageError: nothing is called so.
    """
    cases = list(whole_suite())
    for name in options.id:
        print("\n".join(explain(name, cases)))
    return ExitCode.CONFORMS


def explain(name: str, cases: list[Case]) -> list[str]:
    """What is known under a name.

    Raises:
        UsageError: nothing is; the hint names the closest.
    """
    readings: tuple[Callable[[str, list[Case]], Lines], ...] = (
        _requirements,
        _scenario,
        _advisory,
        _defect,
        _liberty,
        _word,
    )
    lines = [line for reading in readings for line in reading(name, cases)]
    if lines:
        return lines
    known = {
        *Registry.load().rows,
        *WORDS,
        *DEFECTS,
        *LIBERTIES,
        *CHECKS,
        *CAPABILITIES,
        *(advisory.id for advisory in published_advisories()),
        *(text for case in cases for text in (case.key, case.scenario)),
    }
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else "ids are in reports and in 'tokenspec list'"
    raise UsageError(f"nothing is called {name!r}", hint)


def _requirements(name: str, cases: list[Case]) -> Lines:
    for row in Registry.load().matching(name):
        yield from _requirement(row, cases)


def _requirement(row: Requirement, cases: list[Case]) -> Lines:
    yield f"{row.id}: {row.citation} ({row.level})"
    yield from _row("demands", row.text)
    yield from _row("read it at", row.url)
    yield from _row("note", row.note)
    yield from _row("untestable", row.untestable)
    yield from _row("profiles", level_by_profile(row))
    for profile, reading in readings(row):
        yield from _row(profile, reading)
    yield from _list("tested by", (case.key for case in cases if row.id in case.cited))
    breaking = (name for name, defect in DEFECTS.items() if defect.requirement == row.id)
    yield from _list("broken by", (f"tokenspec serve --defect {name}" for name in breaking))
    yield ""


def _scenario(name: str, cases: list[Case]) -> Lines:
    for case in cases:
        if name in (case.key, case.scenario):
            yield from _case(case)


def _case(case: Case) -> Lines:
    registry = Registry.load()
    yield f"{case.key}: {case.title}"
    for identifier in case.cited:
        row = registry.get(identifier)
        yield from _row("tests", f"{row.citation} ({row.level}, {row.id}): {row.text}")
    yield from _row("why", case.why)
    yield from _row("sends", "; ".join(changes_in_words(case)) or "the valid exchange")
    for step in case.steps:
        if step.expect:
            yield from _row("expects", f"{step.name}: {outcome_text(step.expect)}")
    yield from _row("needs", ", ".join(case.needs))
    yield from _row("finds", ", ".join(tag for tag in case.tags if tag != tag.lower()))
    yield from _row("defined in", f"{case.place.file}:{case.place.line}")
    yield ""


def _advisory(name: str, cases: list[Case]) -> Lines:
    for advisory in published_advisories():
        if advisory.id.lower() == name.lower():
            yield from _advisory_rows(advisory, cases)


def _advisory_rows(advisory: Advisory, cases: list[Case]) -> Lines:
    yield f"{advisory.id}: {advisory.product}, {advisory.affected}"
    yield from _row("summary", advisory.summary)
    yield from _row("published", advisory.source)
    yield from _row("untestable", advisory.untestable)
    yield from _list("found by", (case.key for case in cases if advisory.id in case.tags))
    yield ""


def _defect(name: str, cases: list[Case]) -> Lines:
    if name not in DEFECTS:
        return
    defect = DEFECTS[name]
    row = Registry.load().get(defect.requirement)
    yield f"{name}: a defect of the reference server"
    yield from _row("does", defect.summary)
    yield from _row("breaks", f"{row.citation} ({row.level}, {row.id}): {row.text}")
    yield from _row("try it", f"tokenspec serve --defect {name}")
    yield from _list("tested by", (case.key for case in cases if defect.requirement in case.cited))
    yield ""


def _liberty(name: str, _cases: list[Case]) -> Lines:
    if name not in LIBERTIES:
        return
    liberty = LIBERTIES[name]
    yield f"{name}: a liberty of the reference server"
    yield from _row("does", liberty.summary)
    yield from _row("permitted", f"{liberty.permitted_by}: {liberty.permission}")
    yield from _row("try it", f"tokenspec serve --liberty {name}")
    yield ""


def _word(name: str, _cases: list[Case]) -> Lines:
    if name in WORDS:
        yield from textwrap.wrap(f"{name}: {WORDS[name]}", WIDTH)
    if name in CHECKS:
        yield f"{name}: a check. {CHECKS[name].summary}"
        yield from _row("speaks of", "; ".join(CHECKS[name].speaks_of))
    if name in CAPABILITIES:
        yield f"{name}: a capability, in 'needs'. {CAPABILITIES[name].summary}"


def _row(label: str, text: str) -> Lines:
    if text:
        first = f"  {label}".ljust(INDENT)
        yield from textwrap.wrap(
            text,
            WIDTH,
            initial_indent=first,
            subsequent_indent=" " * INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _list(label: str, items: Iterable[str]) -> Lines:
    first = f"  {label}".ljust(INDENT)
    for item in items:
        yield first + item
        first = " " * INDENT
