"""Generated scenarios: a valid exchange with at most three changes, and what follows it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

from hypothesis import strategies as st

from conformance.fuzz import places
from conformance.scenario.bases import BASES, STEP_NEEDS
from conformance.scenario.model import StepKind

Document = dict[str, Any]
MOST_CHANGES, MOST_FOLLOWERS = 3, 3
PLAYED = ("code-exchange", "code-exchange-dpop", "refresh", "refresh-dpop", "userinfo")
PLAYED_BASES = (*PLAYED, "userinfo-dpop", "authorization", "revocation", "introspection")
CLIENTS = {
    "main": "",
    "public": "public-client",
    "client_secret_basic": "client-secret-basic",
    "client_secret_post": "client-secret-post",
    "private_key_jwt": "private-key-jwt",
}
PLACEHOLDER = "RFC6749-3.2-post_only"  # until a finding says which requirement it is about


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
    for _ in range(draw(st.integers(0, MOST_CHANGES))):
        _change(draw, content, base)
    if BASES[base].steps[-1] is not StepKind.AUTHORIZE:
        followers = draw(st.lists(st.sampled_from(places.FOLLOWERS), max_size=MOST_FOLLOWERS))
        steps = [follower for follower in followers if _possible(follower, base, present)]
        if steps:
            content["then"] = [{**step.step, "expect": "oracle"} for step in steps]
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


def _possible(follower: places.Follower, base: str, present: Collection[str]) -> bool:
    kinds = [StepKind(word) for word in follower.step if word in set(StepKind)]
    steps = BASES[base].steps
    offered = all(STEP_NEEDS.get(kind, "") in ("", *present) for kind in kinds)
    return offered and all(kind in steps for kind in follower.needs)


def _change(draw: st.DrawFn, content: Document, base: str) -> None:
    """Make one change, in place; a second one at the same place replaces the first."""
    steps = BASES[base].steps
    kinds = [kind for kind in steps if kind in places.PARAMETERS]
    proven = BASES[base].dpop
    where = draw(st.sampled_from([*kinds, *kinds, *(("dpop", "dpop") if proven else ()), "more"]))
    if isinstance(where, StepKind):
        table = places.PARAMETERS[where]
        name = draw(st.sampled_from(sorted(table)))
        content.setdefault(str(where), {})[name] = draw(table[name])
    elif where == "dpop":
        _change_proof(draw, content)
    elif steps[-1] is not StepKind.AUTHORIZE:
        place = draw(st.sampled_from(["client_auth", "http", "headers"]))
        menu = {
            "client_auth": places.CLIENT_AUTH,
            "http": places.HTTP,
            "headers": places.HEADERS,
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
