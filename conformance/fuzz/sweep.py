"""Everything once: each single change, each operation, each seed; then operations in pairs.

A fault that shows by one thing alone is found within the first thousand cases, whatever the seed;
the search that follows is for what takes several.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from random import Random

from tokenspec.conformance.fuzz.documents import (
    KINDS,
    Document,
    bases,
    begun,
    begun_with,
    clients,
    finished,
    fits,
    follow,
    operations,
    seeds_of,
)
from tokenspec.conformance.fuzz.places import Fragment, add, changes_of
from tokenspec.conformance.fuzz.seeds import Seed
from tokenspec.conformance.scenario.bases import BASES


def singles(present: frozenset[str], random: Random) -> list[Document]:
    """Each change, operation and seed in a case of its own, in an order of chance."""
    made = [
        *_changes(present, random),
        *_operations(present, random),
        *(_seeded(seed) for seed in seeds_of(present)),
    ]
    once = list({document["id"]: document for document in made}.values())
    random.shuffle(once)
    return once


def _seeded(seed: Seed) -> Document:
    """A seed as it is; the wrong answer to its last request breaks what its case tests."""
    return finished({**begun_with(seed), "requirement": seed.requirement})


def _changes(present: frozenset[str], random: Random) -> Iterator[Document]:
    """Each change once, in one of the exchanges that can suffer it.

    One of credentials is made for each client, one of scope before each kind of request.
    """
    where: dict[str, tuple[Fragment, list[str]]] = {}
    for base in bases(present):
        last = BASES[base].steps[-1]
        for area, places in changes_of(base).items():
            for place, fragments in places.items():
                shows = last if area not in KINDS or place == "scope" else ""
                for fragment in fragments:
                    _, possible = where.setdefault(shows + json.dumps(fragment), (fragment, []))
                    possible.append(base)
    for fragment, possible in where.values():
        for client in clients(present) if _about_credentials(fragment) else ("",):
            content = begun(random.choice, present, random.choice(possible), client)
            if fits(content, fragment):
                add(content, fragment)
                yield finished(content)


def _about_credentials(fragment: Fragment) -> bool:
    return "client_auth" in fragment or "Authorization" in fragment.get("headers", {})


def _operations(present: frozenset[str], random: Random) -> Iterator[Document]:
    """Each operation after each kind of exchange: of the main client, and of one of chance."""
    for base, client in itertools.product(bases(present), ("main", "")):
        for operation in operations({"base": base}, present):
            content = begun(random.choice, present, base, client)
            follow(random.choice, content, operation)
            yield finished(content)


def pairs(present: frozenset[str], random: Random) -> list[Document]:
    """Every two operations after one another, each pair after an exchange of chance."""
    made = []
    possible = [base for base in bases(present) if operations({"base": base}, present)]
    offered = {o.name: o for base in possible for o in operations({"base": base}, present)}
    for first, second in itertools.product(offered.values(), repeat=2):
        proven = first.proven or second.proven
        base = random.choice([name for name in possible if BASES[name].dpop or not proven])
        content = begun(random.choice, present, base)
        follow(random.choice, content, first)
        follow(random.choice, content, second)
        made.append(finished(content))
    random.shuffle(made)
    return made
