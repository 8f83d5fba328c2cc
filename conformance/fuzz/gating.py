"""How grave a divergence is: by the level of its requirement and what vendors document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tokenspec.conformance.fuzz.compare import Divergence
from tokenspec.conformance.fuzz.documents import PLACEHOLDER, Document
from tokenspec.conformance.fuzz.suite import bundled_suite
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.registry.model import selects
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.verdicts import Kind, Verdict

REVOKING = "RFC7009-2"
HARMLESS = ("RFC6749-3.1.2.3-simple_string_comparison",)  # the suite warns, whatever the level
OPENID_CONNECT = "OIDC"  # how the ids of its requirements begin
MILD = (Kind.WRONG_ERROR, Kind.SERVER_ERROR)  # nothing was granted: a warning


class Gating:
    """The verdicts on divergences at one target.

    A documented difference names the cases of the suite it excuses. A generated case is none of
    them: it is excused where it differs in the same way over a requirement that those cases test.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._excused = frozenset(_excused(setup))

    def verdict(self, divergence: Divergence) -> Verdict:
        """What the requirement of a divergence makes of it, under the target's profile."""
        kind = str(divergence.kind)
        if divergence.requirement.startswith(OPENID_CONNECT) and self._setup.missing(("openid",)):
            return Verdict.OBSERVE
        by_guard = bool(divergence.guard) and (kind, divergence.guard) in self._excused
        if by_guard or self._documented(kind, divergence.requirement):
            return Verdict.OBSERVE
        row = self._setup.registry.get(divergence.requirement)
        verdict = Verdict(self._setup.profile.effective(row).severity)
        if divergence.requirement in HARMLESS and verdict is Verdict.FAIL:
            return Verdict.WARN
        mild = MILD if not self._setup.strict else ()
        return Verdict.WARN if verdict is Verdict.FAIL and divergence.kind in mild else verdict

    def _documented(self, kind: str, requirement: str) -> bool:
        """Whether it is a documented difference; what revocation ends is one matter."""
        revoking = requirement.startswith(REVOKING)
        return (kind, requirement) in self._excused or any(
            revoking and row.startswith(REVOKING) for how, row in self._excused if how == kind
        )


def _excused(setup: Setup) -> Iterator[tuple[str, str]]:
    """The kinds, each with a requirement or guard, that the target's presets document."""
    deviations = [d for preset in setup.profile.presets for d in preset.deviations]
    tested = _tested() if any(d.scenarios for d in deviations) else {}
    for deviation in deviations:
        kind = str(deviation.kind)
        for word in deviation.requirements:
            yield from ((kind, row.id) for row in setup.registry.all if selects(word, row.id))
        for case in (case for name in deviation.scenarios for case in tested.get(name, ())):
            yield from ((kind, row) for row in case.cited)
            yield from ((kind, guard) for guard in _refusing(setup, case))


def _refusing(setup: Setup, case: Case) -> Iterator[str]:
    """The guards of the oracle that a case of the suite runs into."""
    if not setup.missing(case.needs):
        refusals = setup.oracle.play(case).refusals
        yield from (refusal.guard for refusal in refusals.values())


def _tested() -> dict[str, list[Case]]:
    """The cases of the suite, by the names of scenario and case."""
    tested: dict[str, list[Case]] = {}
    for scenario in bundled_suite():
        for case in scenario.cases:
            tested.setdefault(scenario.id, []).append(case)
            tested.setdefault(case.key, []).append(case)
    return tested


def cited_for_case(divergence: Divergence, document: Document, last: str) -> Divergence:
    """The wrong answer to the last request of a seed breaks what its case of the suite tests."""
    tested = document["requirement"]
    wrong = divergence.kind in (Kind.ACCEPTED, Kind.REFUSED)
    if wrong and divergence.step == last and tested != PLACEHOLDER:
        return replace(divergence, requirement=tested)
    return divergence
