"""From the findings of a run to its causes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tokenspec.conformance.diagnosis import likelihood, wording
from tokenspec.conformance.diagnosis.alike import name_of, of_scenarios, rule, seen_alike, uniform
from tokenspec.conformance.diagnosis.dictionary import Dictionary, dictionary
from tokenspec.conformance.diagnosis.model import Cause, Nature, Severity
from tokenspec.conformance.diagnosis.scoring import Evidence
from tokenspec.conformance.diagnosis.search import Search, candidates
from tokenspec.conformance.diagnosis.severity import weight
from tokenspec.conformance.diagnosis.shown import BROKEN, SAME, shown_in, told
from tokenspec.conformance.registry import Registry
from tokenspec.reference_server.alterations.defects import DEFECTS

Line = Mapping[str, Any]
MISSES = 5  # cases that are named of those that passed against expectation
UNLIKELY = 0.5  # of all known faults together: below it an unknown one is likelier
GOOD = ("pass", "stale-waiver")


def causes(findings: Iterable[Line], known: Dictionary | None = None) -> tuple[Cause, ...]:
    """The causes of what a run found, the gravest first; empty where nothing is broken.

    Args:
        findings: lines of a record; evidence is not looked at.
        known: the fault dictionary; None for the one of this release.
    """
    every = {line["key"]: line for line in findings}
    said = told(every.values())
    if not any(line["verdict"] in BROKEN for line in said.values()):
        return ()
    own = known or dictionary()
    fitting = own.fitting({key: str(line.get("digest", "")) for key, line in said.items()})
    return _Diagnosis(every, said, fitting).causes()


def evidence_of(said: Mapping[str, Line], known: Dictionary) -> Evidence:
    """What is as at a conforming server, and what is not."""
    seen, good = {}, set()
    for key, line in said.items():
        if line["verdict"] in GOOD or line["verdict"] == known.usual.get(key):
            good.add(key)
        else:
            seen[key] = shown_in(line)
    return Evidence(seen, frozenset(good))


@dataclass(frozen=True, slots=True)
class _Diagnosis:
    every: Mapping[str, Line]  # every finding of the run
    said: Mapping[str, Line]  # those that something is said in
    known: Dictionary

    def causes(self) -> tuple[Cause, ...]:
        evidence = evidence_of(self.said, self.known)
        alike = uniform(self.said)
        about = {name: one.requirement for name, one in DEFECTS.items()}
        about |= {key: str(line["requirement"]) for key, line in self.said.items()}
        search = Search(evidence, candidates(self.known.rows, evidence, about) | alike)
        shares = {name: likelihood.shares(search, name) for name in search.run()}
        known = [n for n, own in shares.items() if n not in alike and sum(own.values()) > UNLIKELY]
        found = [self._fault(search, name, shares[name]) for name in known]
        explained = {key for name in known for key in search.candidates[name].found}
        left = [o for k, o in self.said.items() if _broken(o) and k not in explained]
        groups = seen_alike(left)
        found += map(self._uniform, groups)
        told_so = {line["key"] for lines in groups for line in lines}
        rest = (line for line in left if line["key"] not in told_so)
        found += map(self._finding, of_scenarios(rest))
        return tuple(sorted(found, key=_rank))

    def _ordered(self, adds: Collection[str], own: Collection[str], name: str) -> list[Line]:
        """What a fault explains, the shortest first: what only it explains, cited, and failed."""
        cited = DEFECTS[name].requirement if name in DEFECTS else ""

        def rank(line: Line) -> tuple[bool, bool, bool, int, str]:
            key = str(line["key"])
            failed = line["verdict"] == "fail"
            return key not in adds, line["requirement"] != cited, not failed, *_length(line)

        return sorted((self.said[key] for key in own if _broken(self.said[key])), key=rank)

    def _fault(self, search: Search, name: str, shares: Mapping[str, float]) -> Cause:
        lines = self._ordered(search.adds(name), search.candidates[name].found.keys(), name)
        others = likelihood.alternatives(shares, name)
        row = self.known.rows[name]
        missed = sorted(key for key in row if key in search.evidence.good and row[key].broken)
        exact = [line for line in lines if row[line["key"]].likeness(shown_in(line)) == SAME]
        return self._cause(
            name,
            Nature.FAULT,
            wording.sentence(name),
            [*exact, *(line for line in lines if line not in exact)],
            requirement=DEFECTS[name].requirement,
            place=wording.place(name),
            likelihood=likelihood.said(shares[name]),
            missed=tuple(missed[:MISSES]),
            alternatives=others,
            further=self._further(name, others[0].id) if others else "",
        )

    def _uniform(self, lines: list[Line]) -> Cause:
        lines = sorted(lines, key=_length)
        sentence = wording.uniform_sentence(lines)
        return self._cause(name_of(lines), Nature.UNIFORM, sentence, lines, requirement=rule(lines))

    def _finding(self, lines: list[Line]) -> Cause:
        lines = sorted(lines, key=_length)
        name = f"finding:{lines[0]['key']}"
        return self._cause(name, Nature.FINDING, wording.finding_sentence(lines), lines)

    def _cause(
        self,
        name: str,
        nature: Nature,
        sentence: str,
        lines: list[Line],
        *,
        requirement: str = "",
        **more: Any,
    ) -> Cause:
        first = lines[0]
        requirement = requirement or _most_cited(lines)
        row = Registry.load().rows.get(requirement)
        citing = [line for line in lines if line["requirement"] == requirement]
        level = str(citing[0]["level"] if citing else row.level if row else first["level"])
        grave = weight([line for line in lines if line["key"] in self.said], requirement)
        return Cause(
            id=name,
            nature=nature,
            sentence=sentence,
            requirement=requirement,
            citation=str(row.citation if row else first["citation"]),
            level=level,
            url=str(row.url if row else first["url"]),
            severity=grave.severity,
            severity_why=grave.why,
            gains=next((str(line["why"]) for line in citing if line.get("why")), ""),
            shortest=str(first["key"]),
            cases=tuple(str(line["key"]) for line in lines),
            **more,
        )

    def _further(self, name: str, other: str) -> str:
        """The case that the two faults do not show alike, and why nothing is known of it yet."""
        one, two = self.known.rows[name], self.known.rows[other]
        apart = sorted(key for key in one.keys() | two.keys() if one.get(key) != two.get(key))
        for key in apart:
            line = self.every.get(key)
            if line is None:
                return f"{key}, which was not selected"
            if key not in self.said or line["verdict"] == "could-not-run":
                return f"{key}, which says: {line['note'] or line['observed']}"
        return ""


def _most_cited(lines: list[Line]) -> str:
    """The requirement that most of the findings cite; of several the first."""
    cited = [str(line["requirement"]) for line in lines]
    return max(cited, key=cited.count)


def _broken(line: Line) -> bool:
    return line["verdict"] in BROKEN


def _length(line: Line) -> tuple[int, str]:
    return len(line["sent"]), str(line["key"])


def _rank(cause: Cause) -> tuple[int, bool, int, str]:
    grave = tuple(Severity).index(cause.severity)
    return grave, cause.nature is Nature.FINDING, -len(cause.cases), cause.id
