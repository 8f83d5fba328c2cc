"""Sets of liberties in which every pair stands at least once: a covering array.

Each set is one server. Where a liberty takes cases away, what other liberties do there goes unseen;
so those are in sets of their own, beside each other one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, cycle

from tokenspec.reference_server.alterations.liberties import Liberty

Row = tuple[str, ...]
Partners = dict[str, set[str]]


@dataclass(frozen=True, slots=True)
class Trial:
    """A server that takes these liberties, under a profile, with so many jobs.

    `over_http`: it is served on a port of this machine, since a liberty is about the wire.
    """

    liberties: Row
    profile: str
    jobs: int
    over_http: bool = False


def exclude_each_other(one: Liberty, other: Liberty) -> bool:
    """Whether no server can take both: they are two ways to do one thing."""
    same_check = {*one.alteration.guards} & {*other.alteration.guards}
    return bool(same_check) or (bool(one.group) and one.group == other.group)


def excluded_pairs(liberties: Iterable[Liberty]) -> list[Row]:
    """The pairs that no set holds, by their names."""
    pairs = combinations(tuple(liberties), 2)
    return [(a.name, b.name) for a, b in pairs if exclude_each_other(a, b)]


def spoken(liberties: Iterable[Liberty]) -> list[Liberty]:
    """Those that show in this process too; the others are about the wire."""
    return [one for one in liberties if not one.alteration.served]


def count_of_pairs(tried: Iterable[Trial]) -> int:
    """How many pairs of liberties were at one server."""
    return len({pair for trial in tried for pair in combinations(trial.liberties, 2)})


def rows(liberties: Iterable[Liberty]) -> Iterator[Row]:
    """Sets of liberties, so that every pair that a server can take is in one of them."""
    known = {liberty.name: liberty for liberty in liberties}
    fits = {
        name: {n for n, other in known.items() if n != name and not exclude_each_other(one, other)}
        for name, one in known.items()
    }
    leaving = {name for name, one in known.items() if one.takes_away}
    staying = [name for name in known if name not in leaving]
    yield from _cover({name: fits[name] - leaving for name in staying}, fits)
    beside = {n: set(fits[n]) if n in leaving else fits[n] & leaving for n in known}
    yield from _cover(beside, fits)
    yield from ((name,) for name in known if not fits[name])


def _cover(left: Partners, fits: Partners) -> Iterator[Row]:
    """Rows until nobody has partners left; each takes up whoever brings the most new pairs."""
    while any(left.values()):
        start = max(left, key=lambda name: len(left[name]))
        row = [start, max(sorted(left[start]), key=lambda name: len(left[name]))]
        able = fits[row[0]] & fits[row[1]] & left.keys()
        new = {name: len(left[name].intersection(row)) for name in able}
        while able:
            best = min(able, key=lambda name: (-new[name], -len(left[name]), name))
            row.append(best)
            able &= fits[best]
            for name in able & left[best]:
                new[name] += 1
        for name in row:
            left[name].difference_update(row)
        yield tuple(name for name in left if name in row)


def once(every: Iterable[Row]) -> Iterator[Row]:
    """As many of the rows, from the first on, as bring something new."""
    seen: set[str] = set()
    for row in every:
        if not seen.issuperset(row):
            yield row
        seen.update(row)


def trials(
    liberties: Mapping[str, Liberty], profiles: Iterable[str], jobs: Sequence[int]
) -> Iterator[Trial]:
    """Each liberty by itself with each number of jobs, each pair, and each liberty by each profile.

    What is about the wire is in trials of its own, over HTTP.

    Args:
        liberties: by their names.
        profiles: the first is the one that pairs are tried under.
        jobs: the numbers of jobs; they take turns among the sets.
    """
    here = spoken(liberties.values())
    usual, *others = profiles
    turn = cycle(jobs)
    for row in rows(here):
        yield Trial(row, usual, next(turn))
    for profile in others:
        allowed = [one for one in here if profile not in one.forbidden_by]
        for row in once(rows(allowed)):
            yield Trial(row, profile, next(turn))
    for one in here:
        for number in jobs:
            yield Trial((one.name,), usual, number)
    for one in liberties.values():
        for number in jobs if one.alteration.served else ():
            yield Trial((one.name,), usual, number, over_http=True)
