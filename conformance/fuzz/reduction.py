"""A finding made smaller: documents with one thing less, the largest things first."""

from __future__ import annotations

from collections.abc import Iterator

from tokenspec.conformance.fuzz.documents import PLAYED_BASES, Document, finished
from tokenspec.conformance.fuzz.operations import members
from tokenspec.conformance.fuzz.places import GATHERING
from tokenspec.conformance.scenario.bases import BASES
from tokenspec.conformance.scenario.loader import TOGETHER

BESIDE = ("client", "session", "pkce", "given", "client_auth", "http", "headers", "dpop")
OWN = ("base", *BESIDE, "then")
CHANGED = (*GATHERING, *BESIDE)


def smaller(document: Document) -> Iterator[Document]:
    """Each document that lacks something of this one, or plays it on a shorter exchange."""
    content = {key: document[key] for key in document if key in CHANGED or key in OWN}
    ways = (_signing_in, _shorter, _without_a_step, _without_a_change)
    for made in (made for way in ways for made in way(content)):
        yield finished({**made, "requirement": document["requirement"]})


def _signing_in(content: Document) -> Iterator[Document]:
    """A sign-in alone, for what shows while the user signs in; a long sequence has its own."""
    signing_in = {"base": "authorization", "session": "new"}
    if content != signing_in:
        yield signing_in


def _shorter(content: Document) -> Iterator[Document]:
    """The same on an exchange of which this one is a longer form, or without proofs."""
    base = BASES[content["base"]]
    for name in PLAYED_BASES:
        other = BASES[name]
        begins = base.steps[: len(other.steps)] == other.steps and other.dpop <= base.dpop
        if begins and name != content["base"]:
            gone = set(base.steps) - set(other.steps) | (set() if other.dpop else {"dpop"})
            yield {key: v for key, v in content.items() if key not in gone} | {"base": name}


def _without_a_step(content: Document) -> Iterator[Document]:
    sequence = content.get("then", ())
    without = {key: value for key, value in content.items() if key != "then"}
    for index in reversed(range(len(sequence))):
        before, after = sequence[:index], sequence[index + 1 :]
        rest = [*before, *after]
        yield {**without, "then": rest} if rest else without
        if TOGETHER in sequence[index]:
            yield from ({**without, "then": [*before, o, *after]} for o in members(sequence[index]))


def _without_a_change(content: Document) -> Iterator[Document]:
    for key in CHANGED:
        if key not in content:
            continue
        without = {name: value for name, value in content.items() if name != key}
        yield without
        inner = content[key]
        if key in GATHERING and len(inner) > 1:
            for name in inner:
                yield {**without, key: {n: v for n, v in inner.items() if n != name}}
