"""Cases of the suite as seeds: what a generated case may begin with instead of a plain exchange.

Only those on which the suite itself is firm: a case with two ways to be answered has none that the
oracle could be right about alone.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenspec.conformance.documents import Reader, read_text
from tokenspec.conformance.scenario.catalogue import BUNDLED
from tokenspec.conformance.scenario.changes import REQUEST_KEYS
from tokenspec.conformance.scenario.loader import STEP_WORDS, load_file
from tokenspec.conformance.scenario.model import Answer, Case, Step
from tokenspec.conformance.verdicts import Verdict
from tokenspec.conformance.vocabulary import vocabulary

KEPT = ("base", "client", "session", "pkce", "given", *STEP_WORDS, *REQUEST_KEYS, "then")
CLASSES = {Answer.ERROR_PAGE: Answer.REFUSED}  # refusals alike, as the oracle is compared by


@dataclass(frozen=True, slots=True)
class Seed:
    """What a case of the suite plays, in the words of the scenario format.

    `case` is its key, `requirement` the one it tests.
    """

    case: str
    content: Mapping[str, Any]
    needs: frozenset[str]
    requirement: str


def seeds(bases: Collection[str], present: frozenset[str]) -> Iterator[Seed]:
    """The seeds that start from one of these bases, of a target with these capabilities."""
    yield from (
        seed for seed in all_seeds() if seed.content["base"] in bases and seed.needs <= present
    )


@functools.cache
def all_seeds() -> tuple[Seed, ...]:
    """Every case of the suite on which it is firm."""
    return tuple(seed for path in sorted(BUNDLED.rglob("*.yaml")) for seed in _of_file(path))


def _of_file(path: Path) -> Iterator[Seed]:
    scenarios = load_file(path, vocabulary())
    documents = [document.plain for document in Reader(path).documents(read_text(path))]
    for scenario, document in zip(scenarios, documents, strict=True):
        written = {own["id"]: own for own in document["variants"]}
        for case in scenario.cases:
            own = written.get(case.id)  # None: one more of a case, for other refresh tokens
            if own is not None and _firm(case):
                content = _content(document, own)
                yield Seed(case.key, content, frozenset(case.needs), case.requirement)


def _firm(case: Case) -> bool:
    """Whether every step can be answered in one way only."""
    judged = [step for step in case.steps if step.judged]
    return case.steps[-1] in judged and all(_certain(step) for step in judged)


def _certain(step: Step) -> bool:
    classes = {CLASSES.get(outcome.answer, outcome.answer) for outcome in step.expect}
    open_to = any(outcome.verdict == Verdict.OBSERVE for outcome in step.expect)
    return len(classes) == 1 and not open_to and not any(outcome.at for outcome in step.expect)


def _content(scenario: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """The two as one; parameters are merged one by one, as the loader merges them."""
    both = {**scenario, **case, **_merged(scenario, case, STEP_WORDS)}
    given, own = scenario.get("given", {}), case.get("given", {})
    if given or own:
        both["given"] = {**given, **own, **_merged(given, own, STEP_WORDS)}
    return {key: both[key] for key in KEPT if key in both}


def _merged(
    under: Mapping[str, Any], over: Mapping[str, Any], keys: Iterable[str]
) -> dict[str, Any]:
    return {key: {**under[key], **over[key]} for key in keys if key in under and key in over}
