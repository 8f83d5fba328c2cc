"""Findings of a campaign as scenario files that `tokenspec run --scenarios` plays again."""

from __future__ import annotations

from pathlib import Path

import yaml

from conformance.fuzz.campaign import Counterexample
from conformance.fuzz.documents import Document
from conformance.fuzz.operations import members
from conformance.play.verdicts import Kind
from conformance.scenario.bases import BASES
from conformance.scenario.loader import TOGETHER
from conformance.scenario.model import StepKind

HEAD = "# Found by tokenspec fuzz: {kind} at {step}. Expected {expected}; got {observed}.\n"
LONGEST_TITLE = 100  # characters


def as_scenario(found: Counterexample) -> Document:
    """The document with a title, and with the requirement that the finding is about."""
    parting = found.parting
    title = f"{parting.step}: the oracle says {parting.expected}"
    return {
        **(_softened(found) if found.choice else found.document),
        "title": title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…",
        "requirement": parting.requirement,
    }


def _softened(found: Counterexample) -> Document:
    """The document with a warning where the target parts from a choice of its own."""
    accepted = found.parting.kind is Kind.ACCEPTED
    usual, other = ("refused", "granted") if accepted else ("granted", "refused")
    note = f"calibration found the target to choose otherwise: {found.choice}"
    expect = [{"answer": usual}, {"answer": other, "verdict": "warn", "note": note}]
    document = found.document
    kind, _, number = found.parting.step.partition("-")
    followers = [
        {TOGETHER: [dict(one) for one in members(step)]} if TOGETHER in step else dict(step)
        for step in document.get("then", ())
    ]
    count = list(BASES[document["base"]].steps).count(StepKind(kind))
    if int(number or 1) <= count:
        return {**document, "expect": expect}
    for step in (one for follower in followers for one in follower.get(TOGETHER, [follower])):
        count += kind in step
        if kind in step and count == int(number or 1):
            step["expect"] = expect
    return {**document, "then": followers}


def save(found: Counterexample, folder: Path) -> Path:
    """Write a finding to a file of its own, named after what it plays."""
    folder.mkdir(parents=True, exist_ok=True)
    document = as_scenario(found)
    path = folder / f"{document['id']}.yaml"
    path.write_text(_head(found) + to_yaml(document), encoding="utf-8")
    return path


class _WrittenOut(yaml.SafeDumper):
    """Writes what stands twice twice: the loader reads no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        """Whatever it is."""
        del data
        return True


def to_yaml(document: Document) -> str:
    """A document as the strict loader reads it back."""
    return yaml.dump(document, Dumper=_WrittenOut, sort_keys=False, allow_unicode=True, width=100)


def _head(found: Counterexample) -> str:
    parting = found.parting
    told = (parting.kind, parting.step, parting.expected, parting.observed)
    kind, step, expected, observed = (" ".join(str(text).split()) for text in told)
    return HEAD.format(kind=kind, step=step, expected=expected, observed=observed)
