"""Generated scenarios: a valid exchange, few changes to it, a sequence of operations after it.

Everything is made by choices, so that one set of rules serves a search (Hypothesis) and a sweep
that goes through everything once.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from tokenspec.conformance.fuzz.operations import (
    EXPIRIES,
    OPERATIONS,
    Operation,
    is_earlier,
    members,
)
from tokenspec.conformance.fuzz.places import add, changed, changes_of
from tokenspec.conformance.fuzz.seeds import Seed, seeds
from tokenspec.conformance.scenario.bases import BASES, STEP_NEEDS
from tokenspec.conformance.scenario.loader import TOGETHER
from tokenspec.conformance.scenario.model import AT_TOKEN_ENDPOINT, StepKind

Document = dict[str, Any]
Choose = Callable[[Sequence[Any]], Any]  # one of these; the first is the simplest
MOST_DEVIATIONS, LONGEST_COURSE = 3, 6
PLAYED = ("code-exchange", "code-exchange-dpop", "refresh", "refresh-dpop", "userinfo")
PLAYED_BASES = (
    *PLAYED, "userinfo-dpop", "authorization", "revocation", "introspection", "introspection-dpop",
)  # fmt: skip
CLIENTS = {
    "main": "",
    "public": "public-client",
    "confidential": "confidential-client",
    "client_secret_basic": "client-secret-basic",
    "client_secret_post": "client-secret-post",
    "private_key_jwt": "private-key-jwt",
}
FROM_A_SEED = (False, False, False, True)  # how often a case begins with one of the suite's
OTHER_REDIRECT_URI = {"redirect_uri": {"registered": "other"}}
KINDS = frozenset(StepKind)
PLACEHOLDER = "RFC6749-3.2-post_only"  # until a finding says which requirement it is about
NO_WAITING = "no-waiting"  # among what is present: lifetimes are not waited for


def name_of(content: Mapping[str, Any]) -> str:
    """A stable id for what a document plays."""
    told = ("id", "title", "why", "requirement")
    played = {key: value for key, value in content.items() if key not in told}
    text = json.dumps(played, sort_keys=True, default=str)
    return "generated-" + hashlib.sha256(text.encode()).hexdigest()[:12]


@st.composite
def documents(
    draw: st.DrawFn, present: Collection[str], begin: Callable[[], None] = lambda: None
) -> Document:
    """A scenario document that the target can be held to; `present` names its capabilities.

    `begin` is called for every one that is begun, whether or not it comes to be played.
    """
    begin()

    def choose(options: Sequence[Any]) -> Any:
        return options[draw(st.integers(0, len(options) - 1))]

    return generated(choose, frozenset(present))


def generated(choose: Choose, present: frozenset[str]) -> Document:
    """A document: a beginning, changes to it, and a sequence after it."""
    known = seeds_of(present)
    seeded = bool(known) and choose(FROM_A_SEED)
    content = begun_with(choose(known)) if seeded else begun(choose, present)
    for _ in range(choose(range(MOST_DEVIATIONS - deviations(content) + 1))):
        change(choose, content)
    left = MOST_DEVIATIONS - deviations(content)
    for _ in range(choose(range(LONGEST_COURSE + 1))):
        menu = [item for item in operations(content, present) if item.deviations <= left]
        if menu:
            operation = choose(menu)
            left -= operation.deviations
            follow(choose, content, operation)
    return finished(content)


def begun(choose: Choose, present: frozenset[str], base: str = "", client: str = "") -> Document:
    """A valid exchange of some client."""
    content: Document = {"base": base or choose(bases(present))}
    client = client or choose(clients(present))
    return content if client == "main" else {**content, "client": client}


@functools.cache
def clients(present: frozenset[str]) -> tuple[str, ...]:
    """The roles of client that the target has."""
    return tuple(role for role, need in CLIENTS.items() if not need or need in present)


def begun_with(seed: Seed) -> Document:
    """The exchange of a seed, its expectations left to the oracle."""
    content: Document = copy.deepcopy(dict(seed.content))
    for step in content.get("then", ()):
        for one in step.get(TOGETHER, [step]):
            one.pop("assume", None)
            one["expect"] = "oracle"
    return content


def deviations(content: Document) -> int:
    """How many mutations it has; each step of a seed.s sequence counts, whatever it does."""
    return changed(content) + len(content.get("then", ()))


def finished(content: Document) -> Document:
    """The document with everything the loader asks for."""
    return {
        "format": 1,
        "id": name_of(content),
        "title": "A generated case",
        "requirement": PLACEHOLDER,
        "premises": _premises(content),
        **content,
        "expect": "oracle",
        "variants": [{"id": "found"}],
    }


def _premises(content: Document) -> str:
    """That the client gets so far; what comes then is what the case is about."""
    return "exchange" if StepKind.TOKEN in BASES[content["base"]].steps else "authorization"


@functools.cache
def bases(present: frozenset[str]) -> tuple[str, ...]:
    """The valid exchanges that the target can be asked for."""
    return tuple(name for name in PLAYED_BASES if set(BASES[name].needs) <= present)


@functools.cache
def seeds_of(present: frozenset[str]) -> tuple[Seed, ...]:
    """The seeds of a target with these capabilities."""
    found = seeds(bases(present), present)
    return tuple(seed for seed in found if deviations(dict(seed.content)) <= MOST_DEVIATIONS)


def change(choose: Choose, content: Document) -> None:
    """Make one change."""
    areas = changes_of(content["base"])
    area = choose([*areas, *(name for name in areas if name != "more")])
    fragment = choose(areas[area][choose(tuple(areas[area]))])
    if fits(content, fragment):
        add(content, fragment)


def fits(content: Document, fragment: Mapping[str, Any]) -> bool:
    """Whether a change can be made here: other clients may have but one redirect URI."""
    return "client" not in content or OTHER_REDIRECT_URI not in fragment.values()


def operations(content: Document, present: frozenset[str]) -> tuple[Operation, ...]:
    """What may follow a document."""
    base = BASES[content["base"]]
    if base.steps[-1] is StepKind.AUTHORIZE:
        return ()
    return tuple(item for item in _offered(present) if base.dpop or not item.proven)


@functools.cache
def _offered(present: frozenset[str]) -> tuple[Operation, ...]:
    """The operations a target can be held to."""
    waiting = () if NO_WAITING in present else EXPIRIES
    return tuple(item for item in (*OPERATIONS, *waiting) if _needs(item) <= present)


def _needs(operation: Operation) -> set[str]:
    needs = set()
    requests = [one for step in operation.steps for one in members(step)]
    for step in requests:
        needs |= {need for kind, need in STEP_NEEDS.items() if kind in step}
        needs |= {"second-client"} if "client_auth" in step else set()
        after = step.get("http", {}).get("after")
        needs |= {f"{after}-lifetime"} if after else set()
    return needs


def follow(choose: Choose, content: Document, operation: Operation) -> None:
    """Add an operation to the sequence of a document."""
    givers = [name for name in _names(content) if name.split("-")[0] in AT_TOKEN_ENDPOINT]
    giver = choose(givers) if operation.looks_back else ""
    for step in operation.steps:
        filled = [{**_filled(one, giver), "expect": "oracle"} for one in members(step)]
        added = {TOGETHER: filled} if TOGETHER in step else filled[0]
        content["then"] = [*content.get("then", ()), added]


def _names(content: Document) -> list[str]:
    """The names of the steps so far, as the loader gives them."""
    names: list[str] = []
    sequence = [one for step in content.get("then", ()) for one in members(step)]
    followers = [next(word for word in step if word in KINDS) for step in sequence]
    for kind in (*BASES[content["base"]].steps, *followers):
        count = sum(name.split("-")[0] == kind for name in names) + 1
        names.append(str(kind) if count == 1 else f"{kind}-{count}")
    return names


def _filled(step: Mapping[str, Any], giver: str) -> Document:
    """The request with every `earlier` replaced by the place of the value at the giving step."""
    return {
        place: {
            name: {"copy": f"{giver}.{value['earlier']}"} if is_earlier(value) else value
            for name, value in changes.items()
        }
        for place, changes in step.items()
    }
