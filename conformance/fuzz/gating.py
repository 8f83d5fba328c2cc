"""What a parting weighs: the level of its requirement, less what a vendor is documented to do."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from conformance.fuzz.compare import Parting
from conformance.fuzz.suite import bundled_suite
from conformance.play.verdicts import Kind, Verdict
from conformance.registry.model import selects
from conformance.run.setup import Setup

REVOKING = "RFC7009-2"


class Gating:
    """The verdicts on partings at one target.

    A documented difference names the cases of the suite it excuses. A generated case is none of
    them, so it is excused where it parts in the same way over a requirement that those cases test.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._excused = frozenset(_excused(setup))

    def verdict(self, parting: Parting) -> Verdict:
        """What the requirement of a parting makes of it, under the target's profile."""
        if self._documented(str(parting.kind), parting.requirement):
            return Verdict.OBSERVE
        row = self._setup.registry.get(parting.requirement)
        verdict = Verdict(self._setup.profile.in_force(row).gates)
        if parting.kind is Kind.WRONG_ERROR and verdict is Verdict.FAIL and not self._setup.strict:
            return Verdict.WARN
        return verdict

    def _documented(self, kind: str, requirement: str) -> bool:
        """Whether it is a documented difference; what revocation ends is one matter."""
        revoking = requirement.startswith(REVOKING)
        return (kind, requirement) in self._excused or any(
            revoking and row.startswith(REVOKING) for how, row in self._excused if how == kind
        )


def _excused(setup: Setup) -> Iterator[tuple[str, str]]:
    """The kinds and requirements over which the target's presets document a difference."""
    deviations = [d for preset in setup.profile.presets for d in preset.deviations]
    tested = _tested() if any(d.scenarios for d in deviations) else {}
    for deviation in deviations:
        for word in deviation.requirements:
            yield from (
                (str(deviation.kind), row.id) for row in setup.registry.all if selects(word, row.id)
            )
        for name in deviation.scenarios:
            yield from ((str(deviation.kind), row) for row in tested.get(name, ()))


def _tested() -> dict[str, Collection[str]]:
    """The requirements that each scenario and variant of the suite tests, by name."""
    tested: dict[str, set[str]] = {}
    for scenario in bundled_suite():
        for variant in scenario.variants:
            for name in (scenario.id, variant.key):
                tested.setdefault(name, set()).update(variant.cited)
    return {name: frozenset(rows) for name, rows in tested.items()}
