"""Plays cases against the reference server with one defect, and says which of them notice."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from tokenspec.conformance.errors import HarnessError
from tokenspec.conformance.play.oracle import OracleResult
from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.record.evidence import no_evidence
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.selftest.reach import Watching
from tokenspec.conformance.selftest.servers import ConformingServer, conforming_servers
from tokenspec.conformance.verdicts import Verdict

TURNED = (Verdict.FAIL, Verdict.WARN, Verdict.OBSERVE)


@dataclass(frozen=True, slots=True)
class Detection:
    """A case that noticed a defect: its verdict differs from the one at the conforming server."""

    defect: str
    case: str
    verdict: str
    kind: str


@dataclass(slots=True)
class SelftestRunner:
    """The cases, the conforming servers, and what is known of each case there.

    Of the cases that were settled, `home` has the first server each applies to, `good` its finding
    there; `oracle_mismatches` has, by case and server, what the oracle did that the case does not
    expect.
    """

    cases: Mapping[str, Case]
    servers: Mapping[str, ConformingServer]
    home: dict[str, str] = field(default_factory=dict)
    good: dict[str, Finding] = field(default_factory=dict)
    oracle_mismatches: dict[tuple[str, str], str] = field(default_factory=dict)
    _oracle_results: dict[str, dict[str, OracleResult]] = field(default_factory=dict)
    _settled: set[str] = field(default_factory=set)

    def settle(self, keys: Collection[str] | None = None) -> None:
        """Find these cases, or all, the first server they apply to."""
        wanted = self.cases.keys() if keys is None else keys
        new = [key for key in self.cases if key in wanted and key not in self._settled]
        self._settled |= set(new)
        for name in self.servers:
            homeless = [self.cases[key] for key in new if key not in self.home]
            for finding in self.examine(name, homeless).values():
                if finding.verdict is not Verdict.NOT_APPLICABLE:
                    self.home[finding.key] = name
                    self.good[finding.key] = finding

    def examine(
        self, server: str, cases: Iterable[Case], defects: Iterable[str] = ()
    ) -> dict[str, Finding]:
        """The findings of `cases` at a conforming server, by its name."""
        return self.examine_at(self.servers[server], cases, defects)

    def examine_at(
        self, place: ConformingServer, cases: Iterable[Case], defects: Iterable[str] = ()
    ) -> dict[str, Finding]:
        """The findings of `cases` at a server, those that look at every answer last."""
        chosen = sorted(cases, key=lambda case: case.every_response)
        if not chosen:
            return {}
        setup = prepare_in_process(place.target, place.config, defects, liberties=place.liberties)
        known = self._oracle_results.setdefault(place.name, {})
        examiner = Examiner(setup, chosen, show=no_evidence, oracle_results=known)
        findings = {}
        for case in chosen:
            try:
                findings[case.key] = examiner.examine(case)
            except HarnessError as error:
                self.oracle_mismatches[case.key, place.name] = error.message
        return findings

    def reached(self, key: str) -> frozenset[str]:
        """The defects that could change a play of the case at its home, by itself."""
        self.settle([key])
        place = self.servers[self.home[key]]
        watching = Watching(place.config, place.liberties)
        setup = prepare_in_process(
            place.target,
            place.config,
            liberties=place.liberties,
            alterations=(watching.alteration,),
        )
        known = self._oracle_results.setdefault(place.name, {})
        case = self.cases[key]
        Examiner(setup, [case], show=no_evidence, oracle_results=known).examine(case)
        return frozenset(watching.reached)

    def differing(self, defect: str, keys: Collection[str]) -> dict[str, Finding]:
        """What the cases find at `defect` and not without it, each at its home server."""
        self.settle(keys)
        found: dict[str, Finding] = {}
        for server in self.servers:
            own = [self.cases[key] for key in keys if self.home.get(key) == server]
            seen = self.examine(server, own, (defect,))
            found |= {k: f for k, f in seen.items() if f.verdict != self.good[k].verdict}
        return found

    def detections(self, defect: str, keys: Collection[str]) -> list[Detection]:
        """Those of the cases that notice `defect`, each at its home server."""
        return [
            Detection(defect, key, str(finding.verdict), str(finding.kind))
            for key, finding in self.differing(defect, keys).items()
            if finding.verdict in TURNED
        ]


@functools.cache
def selftest_runner() -> SelftestRunner:
    """The runner of the bundled suite, made once a process; what is asked of it settles cases."""
    cases = {case.key: case for case in whole_suite()}
    return SelftestRunner(cases, conforming_servers())


def settled_runner() -> SelftestRunner:
    """The same, with every case settled: some seconds of work."""
    made = selftest_runner()
    made.settle()
    return made
