"""Generated scenarios: a valid exchange, a course of operations after it, and few deviations."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from conformance.fuzz import places
from conformance.fuzz.operations import EXPIRIES, OPERATIONS, Operation, members
from conformance.scenario.bases import BASES, STEP_NEEDS
from conformance.scenario.loader import TOGETHER
from conformance.scenario.model import StepKind

Document = dict[str, Any]
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
OTHER_REDIRECT_URI = {"registered": "other"}
GRANTING = (StepKind.TOKEN, StepKind.REFRESH)
PLACEHOLDER = "RFC6749-3.2-post_only"  # until a finding says which requirement it is about
NO_WAITING = "no-waiting"  # among what is present: lifetimes are not waited for


def name_of(content: Mapping[str, Any]) -> str:
    """A stable id for what a document plays."""
    played = {key: value for key, value in content.items() if key not in ("id", "title", "why")}
    text = json.dumps(played, sort_keys=True, default=str)
    return "generated-" + hashlib.sha256(text.encode()).hexdigest()[:12]


@st.composite
def documents(draw: st.DrawFn, present: Collection[str]) -> Document:
    """A scenario document that the target can be held to; `present` names its capabilities."""
    bases = [name for name in PLAYED_BASES if set(BASES[name].needs) <= set(present)]
    base = draw(st.sampled_from(bases))
    clients = [role for role, need in CLIENTS.items() if not need or need in present]
    content: Document = {"base": base}
    client = draw(st.sampled_from(clients))
    if client != "main":
        content["client"] = client
    changes = draw(st.integers(0, MOST_DEVIATIONS))
    for _ in range(changes):
        _change(draw, content, base, present)
    if BASES[base].steps[-1] is not StepKind.AUTHORIZE:
        course = list(_course(draw, base, present, MOST_DEVIATIONS - changes))
        if course:
            content["then"] = course
    return finished(content)


def finished(content: Document) -> Document:
    """The document with everything the loader asks for."""
    return {
        "format": 1,
        "id": name_of(content),
        "title": "A generated case",
        "requirement": PLACEHOLDER,
        "control": False,
        **content,
        "expect": "oracle",
        "variants": [{"id": "found"}],
    }


def _course(
    draw: st.DrawFn, base: str, present: Collection[str], deviations: int
) -> Iterator[Document]:
    """The steps of a course; at most so many of its operations deviate."""
    names = [str(kind) for kind in BASES[base].steps]  # of the steps so far, as the loader has them
    possible = [item for item in _offered(present) if BASES[base].dpop or not item.proven]
    for _ in range(draw(st.integers(0, LONGEST_COURSE))):
        menu = [item for item in possible if deviations or not item.deviates]
        operation = draw(st.sampled_from(menu))
        deviations -= operation.deviates
        for step in operation.steps:
            known = list(names)  # requests of one moment know nothing of each other's answers
            filled = [{**_filled(draw, one, known), "expect": "oracle"} for one in members(step)]
            yield {TOGETHER: filled} if TOGETHER in step else filled[0]
            for one in members(step):
                kind = next(word for word in one if word in set(StepKind))
                count = sum(name.split("-")[0] == kind for name in names) + 1
                names.append(kind if count == 1 else f"{kind}-{count}")


def _offered(present: Collection[str]) -> Iterator[Operation]:
    """The operations a target can be held to."""
    waiting = () if NO_WAITING in present else EXPIRIES
    for operation in (*OPERATIONS, *waiting):
        steps = [one for step in operation.steps for one in members(step)]
        kinds = {StepKind(word) for step in steps for word in step if word in set(StepKind)}
        needs = {STEP_NEEDS[kind] for kind in kinds if kind in STEP_NEEDS}
        for step in steps:
            needs |= {"second-client"} if "client_auth" in step else set()
            after = step.get("http", {}).get("after")
            needs |= {f"{after}-lifetime"} if after else set()
        if needs <= set(present):
            yield operation


def _filled(draw: st.DrawFn, step: Mapping[str, Any], names: list[str]) -> Document:
    """The step with every `earlier` replaced by the place of a value received before."""
    filled: Document = {}
    for place, changes in step.items():
        filled[place] = changes
        for name, change in changes.items():
            if isinstance(change, dict) and "earlier" in change:
                givers = [n for n in names if n.split("-")[0] in GRANTING]
                giver = draw(st.sampled_from(givers))
                filled[place] = {**changes, name: {"copy": f"{giver}.{change['earlier']}"}}
    return filled


def _change(draw: st.DrawFn, content: Document, base: str, present: Collection[str]) -> None:
    """Make one change, in place; a second one at the same place replaces the first."""
    steps = BASES[base].steps
    kinds = [kind for kind in steps if kind in places.PARAMETERS]
    proven = BASES[base].dpop
    where = draw(st.sampled_from([*kinds, *kinds, *(("dpop", "dpop") if proven else ()), "more"]))
    if isinstance(where, StepKind):
        table = places.PARAMETERS[where]
        names = sorted(set(table) - (set() if "dpop" in present else {"dpop_jkt"}))
        name = draw(st.sampled_from(names))
        change = draw(table[name])
        if "client" not in content or change != OTHER_REDIRECT_URI:  # others may have but one
            content.setdefault(str(where), {})[name] = change
    elif where == "dpop":
        _change_proof(draw, content)
    elif steps[-1] is not StepKind.AUTHORIZE:
        place = draw(st.sampled_from(["client_auth", "http", "headers"]))
        menu = {
            "client_auth": places.CLIENT_AUTH,
            "http": places.HTTP,
            "headers": [h for h in places.HEADERS if proven or "DPoP" not in h],
        }[place]
        content[place] = draw(st.sampled_from(menu))


def _change_proof(draw: st.DrawFn, content: Document) -> None:
    proof = content.setdefault("dpop", {})
    part = draw(st.sampled_from(["header", "claims", "claims", "signed"]))
    if part == "signed":
        proof.update(draw(st.sampled_from(places.SIGNED)))
        return
    table = places.HEADER if part == "header" else places.CLAIMS
    name = draw(st.sampled_from(sorted(table)))
    proof.setdefault(part, {})[name] = draw(table[name])
