"""Findings of a campaign as scenario files that `tokenspec run --scenarios` plays again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tokenspec.conformance.fuzz.campaign import Counterexample
from tokenspec.conformance.fuzz.documents import Document
from tokenspec.conformance.fuzz.gating import HARMLESS
from tokenspec.conformance.fuzz.operations import members
from tokenspec.conformance.record.evidence import ShownExchange
from tokenspec.conformance.scenario.bases import BASES
from tokenspec.conformance.scenario.loader import TOGETHER
from tokenspec.conformance.scenario.model import StepKind
from tokenspec.conformance.texts import harmless
from tokenspec.conformance.verdicts import Kind

TELLING = ("DPoP", "Authorization", "Content-Type")  # headers of requests that are shown
HEAD = "# Found by tokenspec fuzz: {kind} at {step}. Expected {expected}; got {observed}.\n"
LONGEST_TITLE, LONGEST_LINE = 100, 400  # characters


def as_scenario(found: Counterexample) -> Document:
    """The document with a title, and with the requirement that the finding is about."""
    divergence = found.divergence
    title = f"{divergence.step}: the oracle says {divergence.expected}"
    expect = _expectation(found)
    return {
        **(_expecting(found.document, divergence.step, expect) if expect else found.document),
        "id": found.name,
        "title": title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…",
        "requirement": divergence.requirement,
    }


def _expectation(found: Counterexample) -> Any:
    """What the step has to be answered with, where it is not all that the oracle answers."""
    outcome = found.divergence.outcome
    if outcome is not None:
        asked = {
            "checks": list(outcome.checks),
            "has": list(outcome.has),
            "lacks": list(outcome.lacks),
            "headers": dict(outcome.headers),
            "equals": {name: {c.operator: c.argument} for name, c in outcome.equals.items()},
        }
        return {"answer": str(outcome.answer), **{key: v for key, v in asked.items() if v}}
    if found.divergence.requirement in HARMLESS:
        granted = {"answer": "granted", "verdict": "warn", "note": "the address is the same"}
        return [{"answer": "error-page"}, {"answer": "refused"}, granted]
    if not found.choice:
        return None
    accepted = found.divergence.kind is Kind.ACCEPTED
    usual, other = ("refused", "granted") if accepted else ("granted", "refused")
    note = f"calibration found the target to choose otherwise: {found.choice}"
    return [{"answer": usual}, {"answer": other, "verdict": "warn", "note": note}]


def _expecting(document: Document, step: str, expect: Any) -> Document:
    """The document with this expectation at a step, which is named as the loader names it."""
    kind, _, number = step.partition("-")
    followers = [
        {TOGETHER: [dict(one) for one in members(item)]} if TOGETHER in item else dict(item)
        for item in document.get("then", ())
    ]
    steps = BASES[document["base"]].steps
    count = list(steps).count(StepKind(kind))
    if step == steps[-1]:
        return {**document, "expect": expect}
    for follower in (one for item in followers for one in item.get(TOGETHER, [item])):
        count += kind in follower
        if kind in follower and count == int(number or 1):
            follower["expect"] = expect
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
    """What was found and what went over the wire, as comments."""
    divergence = found.divergence
    told = (divergence.kind, divergence.step, divergence.expected, divergence.observed)
    kind, step, expected, observed = (_line(str(text)) for text in told)
    head = HEAD.format(kind=kind, step=step, expected=expected, observed=observed)
    wire = (line for shown in found.exchanges for line in _wire(shown))
    return head + "".join(f"# {line}\n" for line in wire)


def _wire(shown: ShownExchange) -> Iterator[str]:
    """One exchange: the request, what was sent, the answer."""
    yield f"{_line(shown.step)}: {_line(shown.method)} {_line(shown.url)}"
    proof = [f"{name}: {value}" for name, value in shown.request_headers if name in TELLING]
    for sent in (*proof, shown.request_body):
        if sent:
            yield f"  > {_line(sent)}"
    yield f"  < {shown.status} {_line(shown.response_body or shown.failure)}".rstrip()


def _line(text: str) -> str:
    """Foreign text as one harmless line."""
    line = harmless(" ".join(text.split()))
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"
