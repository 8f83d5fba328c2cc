"""`tokenspec check`: the preflight step by step, and what the target can do."""

from __future__ import annotations

import argparse
import os
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.errors import TargetUnusable, Unreachable
from tokenspec.conformance.preflight.claims import disagreements, estimate, table
from tokenspec.conformance.preflight.connectivity import probe_connectivity
from tokenspec.conformance.preflight.opening import Opened, open_target
from tokenspec.conformance.preflight.sequence import Preflight
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.preflight.step import CheckStep
from tokenspec.conformance.profile.catalogue import names as profile_names
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.target.loader import read_target
from tokenspec.conformance.texts import harmless
from tokenspec.reports.words import counted

WIDTH, INDENT = 96, 24
READY_WITHOUT = (
    "the bundled server is ready: tokenspec run\n"
    "for your own: tokenspec init https://login.example, then tokenspec check target.yaml"
)
ISSUER_HINT = "is 'issuer' in the target file right?"


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "check",
        help=VERBS["check"].help,
        description="Check that the server can be reached, check its metadata, the client and the "
        "login, and make one valid exchange. Then list what the target can do and how much a run "
        "sends. "
        "Exit 0: ready to run. Exit 6: not ready; the output says what to fix.",
        allow_abbrev=False,
    )
    parser.add_argument("target_file", nargs="?", metavar="TARGET.yaml", help="the target file")
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Print every step, then the capabilities and what a run takes."""
    path = Path(options.target_file) if options.target_file else None
    steps = _Steps(path)
    done: list[CheckStep] = []
    try:
        for step in steps:
            print(_shown(step))
            done.append(step)
        if any(step.ends_it for step in done):
            return ExitCode.NOT_ESTABLISHED
        if steps.opened is not None:
            print("\n".join(_capabilities(steps.opened.setup, done)))
        if any(step.failed for step in done):
            print("\nnot ready: what FAIL says has to be changed first")
            return ExitCode.NOT_ESTABLISHED
    finally:
        steps.close()
    print(f"\nready: tokenspec run {path}" if path else f"\n{READY_WITHOUT}")
    return ExitCode.CONFORMS


class _Steps:
    """The steps of the way there, then those of the target once it is open."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.opened: Opened | None = None

    def __iter__(self) -> Iterator[CheckStep]:
        if self._path is not None:
            target = read_target(self._path, os.environ, profile_names())
            print(f"tokenspec check of {target.issuer}\n")
            for step in probe_connectivity(target):
                yield step
                if step.ends_it:
                    return
        else:
            print("tokenspec check of the bundled server, as no target file is named\n")
        try:
            self.opened = open_target(self._path, os.environ)
        except TargetUnusable as error:
            name = "HTTP" if isinstance(error, Unreachable) else "metadata"
            hint = error.hint or ISSUER_HINT
            yield CheckStep(name, passed=False, detail=error.message, hint=hint)
            return
        preflight = Preflight(self.opened.setup, trying=True)
        for step in preflight:
            yield step
            self.opened.setup = preflight.setup

    def close(self) -> None:
        """Close connections, and delete what was registered."""
        if self.opened is not None:
            self.opened.close()


def _capabilities(setup: Setup, steps: list[CheckStep]) -> Iterator[str]:
    yield "\ncapabilities"
    rows = list(table(setup, steps))
    wide = max(len(row.name) for row in rows) + 1
    for row in rows:
        seen = f"   [seen: {row.seen}]" if row.seen else ""
        yield f"  {'yes' if row.present else 'no ':4}{row.name:{wide}}{row.reason}{seen}"
    told = list(disagreements(setup, steps))
    if told:
        yield "\nclaimed and seen"
        yield from (f"  note  {line}" for line in told)
    cases = list(whole_suite())
    needed = estimate(setup, cases)
    yield (
        f"\na full run   {needed.cases} of {counted(len(cases), 'case')} apply; "
        f"about {needed.codes} codes, {needed.sign_ins} sign-ins and {needed.requests} requests"
    )


def _shown(step: CheckStep) -> str:
    mark = "ok  " if step.passed else "FAIL" if step.required else "note"
    label = f"  {mark}  {step.name:14} "
    lines = _wrapped(step.detail, label)
    if step.hint and not step.passed:
        lines += _wrapped(step.hint, f"{'':22}→ ")
    return "\n".join(lines)


def _wrapped(text: str, label: str) -> list[str]:
    return textwrap.wrap(
        harmless(text),
        WIDTH,
        initial_indent=label,
        subsequent_indent=" " * INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
