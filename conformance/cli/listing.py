"""`tokenspec list`: every scenario and case, with the requirement it tests; the profiles."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.profile import Profile, profiles
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.conformance.registry import Registry
from tokenspec.conformance.run.selection import selected
from tokenspec.conformance.scenario.catalogue import BUNDLED
from tokenspec.conformance.scenario.loader import load_folders
from tokenspec.conformance.scenario.model import Scenario
from tokenspec.conformance.vocabulary import vocabulary


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "list", help=VERBS["list"].help, description="List scenarios.", allow_abbrev=False
    )
    parser.add_argument(
        "select", nargs="*", metavar="WHAT", help="areas, scenarios, cases or requirements"
    )
    parser.add_argument(
        "--scenarios", metavar="DIR", action="append", help="also list the scenarios of this folder"
    )
    parser.add_argument(
        "--profiles",
        action="store_true",
        help="list the profiles that --profile takes, with a description",
    )
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Print them by area; with --profiles the profiles."""
    if options.profiles:
        print("\n".join(line for profile in profiles() for line in _profile(profile)))
        return ExitCode.CONFORMS
    folders = [BUNDLED, *(Path(folder) for folder in options.scenarios or ())]
    scenarios = load_folders(folders, vocabulary())
    shown = [line for scenario in scenarios for line in _lines(scenario, options.select)]
    if not shown:
        print(f"nothing is called {', '.join(options.select)}")
        return ExitCode.NOTHING_SELECTED
    print("\n".join(shown))
    return ExitCode.CONFORMS


def _profile(profile: Profile) -> Iterator[str]:
    yield f"{profile.name:14}{profile.title}, {profile.date}"
    for line in textwrap.wrap(profile.summary, 82):
        yield f"{'':14}{line}"
    allowed = sum(len(preset.deviations) for preset in profile.presets)
    if profile.presets:
        names = ", ".join(preset.vendor for preset in profile.presets)
        yield f"{'':14}documented differences allowed: {allowed} ({names})"


def _lines(scenario: Scenario, wanted: list[str]) -> list[str]:
    registry = Registry.load()
    cases = [case for case in scenario.cases if not wanted or selected(case, wanted)]
    if not cases:
        return []
    lines = [f"{cases[0].area}: {scenario.id}: {scenario.title}"]
    for case in cases:
        row = registry.get(case.requirement)
        lines.append(f"    {case.key:62} {row.citation} ({row.level})")
    return lines
