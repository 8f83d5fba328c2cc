"""No case may fail a server that takes a liberty: each pair of them is tried at least once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import combinations

from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.selftest.gaps import FAILING, Gap
from tokenspec.conformance.selftest.runner import SelftestRunner, selftest_runner
from tokenspec.conformance.selftest.servers import BUNDLED_SERVER, server_with
from tokenspec.reference_server.alterations.liberties import LIBERTIES, Liberty

Row = tuple[str, ...]
MOST = 5  # cases of one row for which the responsible liberty is looked for: it takes long


def exclude_each_other(one: Liberty, other: Liberty) -> bool:
    """Whether no server can take both: they are two ways to do one thing."""
    own, others = one.alteration, other.alteration
    same_place = {*own.guards} & {*others.guards} or (own.configures and others.configures)
    return bool(same_place) or (bool(one.group) and one.group == other.group)


def rows(liberties: Iterable[Liberty]) -> Iterator[Row]:
    """Sets of liberties that servers take at once, so that every pair is in one of them.

    Each row begins with the first pair that no row has yet, and takes up whatever goes with it.
    The first rows have every liberty that goes with another one, see `once`.
    """
    known = tuple(liberties)
    left = {(a.name, b.name) for a, b in combinations(known, 2) if not exclude_each_other(a, b)}
    alone = {liberty.name for liberty in known} - {name for pair in left for name in pair}
    while left:
        first = min(left)
        taken = [liberty for liberty in known if liberty.name in first]
        waiting = sorted(known, key=lambda item: -sum(item.name in pair for pair in left))
        for liberty in waiting:
            if liberty not in taken and not any(exclude_each_other(liberty, t) for t in taken):
                taken.append(liberty)
        names = tuple(liberty.name for liberty in known if liberty in taken)
        left -= set(combinations(names, 2))
        yield names
    yield from ((name,) for name in sorted(alone))


def once(every: Iterable[Row]) -> Iterator[Row]:
    """As many of the rows, from the first on, as bring something new."""
    seen: set[str] = set()
    for row in every:
        if not seen.issuperset(row):
            yield row
        seen.update(row)


def at_liberties(names: Row, keys: Collection[str]) -> list[Gap]:
    """The cases that fail a server that takes these liberties; in a process of its own."""
    runner = selftest_runner()
    found = list(_failing(runner, names, keys).items())
    looked_into = [_gap(f, _responsible(runner, names, key)) for key, f in found[:MOST]]
    return [*looked_into, *(_gap(finding, names) for _key, finding in found[MOST:])]


def _failing(runner: SelftestRunner, names: Row, keys: Collection[str]) -> dict[str, Finding]:
    server = server_with([LIBERTIES[name] for name in names])
    cases = [runner.cases[key] for key in keys if runner.home.get(key) == BUNDLED_SERVER]
    found = runner.examine_at(server, cases)
    mismatched = {key for key, place in runner.oracle_mismatches if place == server.name}
    failing = {key: finding for key, finding in found.items() if finding.verdict in FAILING}
    for key in mismatched:
        failing[key] = replace(runner.good[key], observed="the oracle does not satisfy the case")
    return failing


def _responsible(runner: SelftestRunner, names: Row, key: str) -> Row:
    """The liberty that is enough by itself, found by halves; several, where it takes them."""
    while len(names) > 1:
        middle = len(names) // 2
        halves = (names[:middle], names[middle:])
        failed = next((half for half in halves if _failing(runner, half, [key])), None)
        if failed is None:
            break
        names = failed
    return names


def _gap(finding: Finding, names: Row) -> Gap:
    said = finding.observed or finding.note
    text = f"{finding.verdict} at a server that takes {', '.join(names)}: {said}"
    return Gap("liberty fails", finding.key, text)
