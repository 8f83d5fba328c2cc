"""No case may fail a server that takes a liberty, alone or beside any other.

The quick half: sets of liberties in which each is once, played one case after the other.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.selftest.covering import Row
from tokenspec.conformance.selftest.gaps import FAILING, Gap
from tokenspec.conformance.selftest.runner import SelftestRunner, selftest_runner
from tokenspec.conformance.selftest.servers import BUNDLED_SERVER, server_with
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server.alterations.liberties import LIBERTIES

MOST = 5  # cases of one row for which the responsible liberty is looked for: it takes long
FEW = 4  # liberties that are named one by one


def at_liberties(names: Row, keys: Collection[str]) -> list[Gap]:
    """The cases that fail a server that takes these liberties; in a process of its own."""
    runner = selftest_runner()
    found = list(failing(runner, names, keys).items())
    looked_into = [_gap(f, responsible(runner, names, key)) for key, f in found[:MOST]]
    return [*looked_into, *(_gap(finding, names) for _key, finding in found[MOST:])]


def failing(runner: SelftestRunner, names: Row, keys: Collection[str]) -> dict[str, Finding]:
    """The findings of cases that fail a server that takes these liberties, by their keys."""
    server = server_with([LIBERTIES[name] for name in names])
    runner.settle(keys)
    cases = [runner.cases[key] for key in keys if runner.home.get(key) == BUNDLED_SERVER]
    found = runner.examine_at(server, cases)
    mismatched = {key for key, place in runner.oracle_mismatches if place == server.name}
    failed = {key: finding for key, finding in found.items() if fails(finding, names)}
    for key in mismatched:
        failed[key] = replace(runner.good[key], observed="the oracle does not satisfy the case")
    return failed


def fails(finding: Finding, names: Row) -> bool:
    """Whether a finding at a server that takes these liberties is a fault of the suite.

    A case that could not run is none where one of them says that its premise does not hold there.
    """
    if finding.verdict not in FAILING:
        return False
    unmet = {premise for name in names for premise in LIBERTIES[name].unmet}
    last = finding.premises[-1].partition(" of client ")[0] if finding.premises else ""
    told = finding.verdict is Verdict.COULD_NOT_RUN and last in unmet
    return not (told and finding.note.startswith(f"premise: {last} "))


def responsible(runner: SelftestRunner, names: Row, key: str) -> Row:
    """The liberty that is enough by itself, found by halves; several, where it takes them."""
    while len(names) > 1:
        middle = len(names) // 2
        halves = (names[:middle], names[middle:])
        failed = next((half for half in halves if failing(runner, half, [key])), None)
        if failed is None:
            break
        names = failed
    return names


def named(names: Row) -> str:
    """A set of liberties in words."""
    return ", ".join(names) if len(names) <= FEW else f"{len(names)} liberties"


def _gap(finding: Finding, names: Row) -> Gap:
    said = finding.observed or finding.note
    text = f"{finding.verdict} at a server that takes {named(names)}: {said}"
    return Gap("liberty fails", finding.key, text)
