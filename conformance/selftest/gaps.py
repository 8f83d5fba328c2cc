"""What requirements, cases and defects do not cover of each other: faults of tokenspec."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.registry import Registry
from tokenspec.conformance.registry.advisories import Advisory
from tokenspec.conformance.registry.model import Level, Requirement
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.selftest.matrix import Matrix
from tokenspec.conformance.selftest.runner import selftest_runner
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server.alterations.defects import DEFECTS

FAILING = (Verdict.FAIL, Verdict.WARN, Verdict.COULD_NOT_RUN)
GRAVITY = {"fail": 2, "warn": 1, "observe": 0}


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is not covered: what, where, and what to do."""

    kind: str
    where: str
    text: str


def uncovered(registry: Registry, cases: Collection[Case]) -> Iterator[Gap]:
    """Rows that nothing tests and nothing explains, and rows where both is claimed."""
    cited = {identifier for case in cases for identifier in case.cited}
    for row in registry.all:
        if row.id not in cited and not row.untestable:
            text = f"{row.level} without a case; cite it in a scenario, or say why it is untestable"
            yield Gap("requirement untested", row.id, text)
        if row.id in cited and row.untestable:
            yield Gap("requirement contradictory", row.id, "it has a case and is 'untestable'")


def graver(registry: Registry, cases: Iterable[Case]) -> Iterator[Gap]:
    """Cases that cite, beside the row their verdict rests on, one that weighs more."""
    for case in cases:
        own = registry.get(case.requirement)
        for identifier in case.also:
            other = registry.get(identifier)
            if GRAVITY[other.severity] > GRAVITY[own.severity]:
                text = f"'also' names {other.id} ({other.level}), which weighs more than {own.id}"
                yield Gap("requirement underweighed", case.key, text)


def unknown_sources(registry: Registry) -> Iterator[Gap]:
    """Defects that cite no row of the registry."""
    for name, defect in DEFECTS.items():
        problem = registry.problem(defect.requirement)
        if problem:
            yield Gap("defect without requirement", name, problem)


def unfound_advisories(advisories: Iterable[Advisory], cases: Collection[Case]) -> Iterator[Gap]:
    """Published advisories that no case is tagged with, and tags that name none."""
    tags = {tag: case.key for case in cases for tag in case.tags}
    known = {advisory.id for advisory in advisories}
    for advisory in advisories:
        if advisory.id not in tags and not advisory.untestable:
            yield Gap("advisory unfound", advisory.id, "no case is tagged with it")
        if advisory.id in tags and advisory.untestable:
            yield Gap("advisory contradictory", advisory.id, "it has a case and is 'untestable'")
    for tag, key in tags.items():
        if tag not in known and tag != tag.lower():
            yield Gap("tag unknown", key, f"{tag} is not a published advisory")


def unnoticed(matrix: Matrix, defects: Iterable[str], cases: Mapping[str, Case]) -> Iterator[Gap]:
    """Defects that no case notices, or none that cites the same requirement."""
    for name in defects:
        noticing = matrix.noticed_by(name)
        wanted = DEFECTS[name].requirement
        if not noticing:
            yield Gap("defect survives", name, f"no case notices it; it breaks {wanted}")
        elif not any(wanted in cases[key].cited for key in noticing):
            text = f"noticed by {', '.join(noticing[:3])}, none of which cites {wanted}"
            yield Gap("defect miscited", name, text)


def idle(matrix: Matrix, keys: Iterable[str], cases: Mapping[str, Case]) -> Iterator[Gap]:
    """Cases that no defect turns: nothing shows that they can fail."""
    for key in keys:
        if key not in matrix.useful and not cases[key].open:
            yield Gap("case idle", key, f"no defect turns it; it cites {cases[key].requirement}")


def homeless(keys: Iterable[str], home: Collection[str]) -> Iterator[Gap]:
    """Cases that apply to no conforming server, so that nothing is known of them."""
    for key in keys:
        if key not in home:
            yield Gap("case unproved", key, "it applies to none of the conforming servers")


def oracle_mismatches(found: Mapping[tuple[str, str], str]) -> Iterator[Gap]:
    """Cases that the oracle itself does not satisfy, set up like one of the conforming servers."""
    for (key, server), text in found.items():
        yield Gap("oracle mismatch", key, f"beside the conforming server {server}: {text}")


def false_failures(server: str, findings: Iterable[Finding]) -> Iterator[Gap]:
    """Conforming servers that fail a case."""
    for finding in findings:
        if finding.verdict in FAILING:
            said = finding.observed or finding.note
            text = f"{finding.verdict} at the conforming server {server}: {said}"
            yield Gap("conforming server fails", finding.key, text)


def at_conforming_server(server: str, keys: Collection[str]) -> list[Gap]:
    """What is wrong with the cases `keys` at one conforming server; in a process of its own."""
    runner = selftest_runner()
    found = runner.examine(server, [runner.cases[key] for key in keys])
    mismatches = {at: text for at, text in runner.oracle_mismatches.items() if at[1] == server}
    return [*false_failures(server, found.values()), *oracle_mismatches(mismatches)]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many rows of a weight there are, how many have a case, how many a reason."""

    weight: str
    rows: int
    tested: int
    untestable: int

    @property
    def testable(self) -> int:
        """Rows that a case could test."""
        return self.rows - self.untestable


def coverage(registry: Registry, cases: Collection[Case]) -> Iterator[Coverage]:
    """Coverage of MUST, SHOULD and MAY."""
    cited = {identifier for case in cases for identifier in case.cited}
    weights: dict[str, tuple[Level, ...]] = {
        "MUST": (Level.MUST, Level.MUST_NOT),
        "SHOULD": (Level.SHOULD, Level.SHOULD_NOT),
        "MAY": (Level.MAY,),
    }
    for weight, levels in weights.items():
        rows: list[Requirement] = [row for row in registry.all if row.level in levels]
        yield Coverage(
            weight,
            len(rows),
            sum(row.id in cited for row in rows),
            sum(bool(row.untestable) for row in rows),
        )
