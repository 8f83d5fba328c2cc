"""`tokenspec check`: the preflight step by step, and what the target can do."""

from __future__ import annotations

import argparse
import os
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tokenspec.conformance.errors import TargetUnusable
from tokenspec.conformance.preflight.claims import disagreements, estimate, table
from tokenspec.conformance.preflight.connectivity import reach
from tokenspec.conformance.preflight.exchange import preflight
from tokenspec.conformance.preflight.features import learn
from tokenspec.conformance.preflight.opening import Opened, network_of, open_target
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.preflight.step import Tick
from tokenspec.conformance.profile.catalogue import names as profile_names
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.conformance.scenario.catalogue import BUNDLED
from tokenspec.conformance.scenario.loader import load_folders
from tokenspec.conformance.target.loader import read_target
from tokenspec.conformance.texts import harmless
from tokenspec.conformance.vocabulary import vocabulary

WIDTH, INDENT = 96, 24
ISSUER_HINT = "is 'issuer' in the target file right?"


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "check",
        help="validate the target file and point out wrong settings",
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
    ticks = []
    try:
        for tick in steps:
            print(_shown(tick))
            ticks.append(tick)
        if any(tick.ends_it for tick in ticks):
            return ExitCode.NOT_ESTABLISHED
        if steps.opened is not None:
            print("\n".join(_capabilities(steps.opened.setup, ticks)))
    finally:
        steps.close()
    print(f"\nready: tokenspec run {path or ''}".rstrip())
    return ExitCode.CONFORMS


class _Steps:
    """The ticks of the way there, then those of the target once it is open."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.opened: Opened | None = None

    def __iter__(self) -> Iterator[Tick]:
        if self._path is not None:
            target = read_target(self._path, os.environ, profile_names())
            print(f"tokenspec check of {target.issuer}\n")
            with network_of(target) as network:
                for tick in reach(target, network):
                    yield tick
                    if tick.ends_it:
                        return
        else:
            print("tokenspec check of the bundled server\n")
        try:
            self.opened = open_target(self._path, os.environ)
        except TargetUnusable as error:
            hint = error.hint or ISSUER_HINT
            yield Tick("metadata", good=False, detail=error.message, hint=hint)
            return
        for tick in preflight(self.opened.setup):
            yield tick
            if tick.ends_it:
                return
        self.opened.setup = learn(self.opened.setup)

    def close(self) -> None:
        """Close connections, and delete what was registered."""
        if self.opened is not None:
            self.opened.close()


def _capabilities(setup: Setup, ticks: list[Tick]) -> Iterator[str]:
    yield "\ncapabilities"
    rows = list(table(setup, ticks))
    wide = max(len(row.name) for row in rows) + 1
    for row in rows:
        seen = f"   [seen: {row.seen}]" if row.seen else ""
        yield f"  {'yes' if row.present else 'no ':4}{row.name:{wide}}{row.reason}{seen}"
    told = list(disagreements(setup, ticks))
    if told:
        yield "\nclaimed and seen"
        yield from (f"  note  {line}" for line in told)
    cases = [case for scenario in load_folders([BUNDLED], vocabulary()) for case in scenario.cases]
    needed = estimate(setup, cases)
    yield (
        f"\na full run   {needed.cases} of {len(cases)} cases apply; "
        f"about {needed.codes} codes, {needed.sign_ins} sign-ins and {needed.requests} requests"
    )


def _shown(tick: Tick) -> str:
    mark = "ok  " if tick.good else "FAIL" if tick.required else "note"
    label = f"  {mark}  {tick.name:14} "
    lines = _wrapped(tick.detail, label)
    if tick.hint and not tick.good:
        lines += _wrapped(tick.hint, f"{'':22}→ ")
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
