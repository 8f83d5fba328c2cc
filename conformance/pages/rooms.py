"""The rooms of the house: what each is for, and on which floor. Who may import whom follows.

A module imports modules of its own room and of rooms on lower floors, and no others.
"""

from __future__ import annotations

from dataclasses import dataclass

from tokenspec.conformance.pages.imports import Module


@dataclass(frozen=True, slots=True)
class Room:
    """A package, or modules at the top of one, with what it is for in a few words."""

    name: str
    purpose: str


# From the top floor down. Beside each other in the picture as they are here.
FLOORS: tuple[tuple[Room, ...], ...] = (
    (Room("pages", "makes reference pages and this picture from the code"),),
    (Room("cli", "the command: a module for each verb"),),
    (
        Room("plugin", "pytest: file, scenario and case as its nodes"),
        Room("selftest", "defects and cases held against each other"),
        Room("fuzz", "generated cases"),
    ),
    (Room("run", "what is played when, and what a run concludes"),),
    (
        Room("preflight", "can the target be judged: reach, clients, login"),
        Room("vocabulary", "names a scenario may use"),
    ),
    (
        Room("record", "what is kept: findings, evidence without secrets"),
        Room("checks", "named looks at one answer"),
        Room("diagnosis", "from findings to causes"),
    ),
    (
        Room("reports", "renderers; they read record lines alone"),
        Room("waivers", "known failures, and whether they still hold"),
        Room("profile", "the rules by which a target is judged"),
        Room("play", "plays a case at target and oracle, judges both"),
    ),
    (
        Room("verdicts", "the words of a judgement"),
        Room("registry", "requirements, one row each"),
        Room("oauth", "PKCE, proofs, client authentication"),
        Room("login", "from a request to its code"),
        Room("transport", "how bytes travel: polite, capped"),
    ),
    (
        Room("scenario", "the format of a case: values, tables, loader"),
        Room("target", "the target file, discovery, capabilities"),
        Room("machine", "signals, full disks, folders in use"),
    ),
    (
        Room("foundations", "errors, documents, HTTP as values, text made harmless"),
        Room("reference_server", "the oracle: endpoints as flat lists of guards"),
    ),
)
FOUNDATIONS = ("challenges", "documents", "errors", "http", "texts")
ROOMS = {room.name: room for floor in FLOORS for room in floor}
FLOOR = {room.name: -number for number, floor in enumerate(FLOORS) for room in floor}


def room_of(module: str) -> str:
    """The room of a module, by its name below `tokenspec`."""
    package, _, rest = module.partition(".")
    if package != "conformance":
        return package
    first = rest.partition(".")[0]
    return "foundations" if first in ("", *FOUNDATIONS) else first


def room_imports(modules: dict[str, Module]) -> dict[str, frozenset[str]]:
    """Of each room those it imports from."""
    found: dict[str, set[str]] = {}
    for module in modules.values():
        room = room_of(module.name)
        others = {room_of(name) for name in module.imports} - {room}
        found.setdefault(room, set()).update(others)
    return {room: frozenset(others) for room, others in sorted(found.items())}
