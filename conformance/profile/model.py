"""What a target is held to, as frozen values: profiles, presets, and what each allows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from tokenspec.conformance.registry import Level, Requirement
from tokenspec.conformance.registry.model import Severity, selects
from tokenspec.conformance.scenario.model import Answer, Case
from tokenspec.conformance.verdicts import Judgement, Kind

NEVER_IN_PASSING = (Kind.ACCEPTED, Kind.LEAK)  # allowed only to a case that is named


class Confidence(StrEnum):
    """How a vendor's difference is known."""

    RECORDED = "recorded"  # an HTTP recording kept by one of the vendor's SDKs
    DOCUMENTED = "documented"  # the vendor's own documentation or source
    OBSERVED = "observed"  # answers shown by users, in agreement with each other


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a difference is known from. `date` is that of the source as read, YYYY-MM-DD."""

    preset: str
    source: str
    confidence: Confidence
    date: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One answer of a vendor that differs from the specification, as documented.

    It covers the cases it names in `scenarios` (a scenario, or scenario/case) or through
    their requirement (`requirements`: an id or the beginning of one), and of those only the answer
    of this kind, with one of these statuses and one of these error codes ("" stands for none).
    """

    kind: Kind
    evidence: Evidence
    status: tuple[int, ...] = ()
    error: tuple[str, ...] = ("",)
    answer: Answer | None = None
    scenarios: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()

    def covers(self, case: Case) -> bool:
        """Whether it speaks of this case."""
        if case.key in self.scenarios:
            return True
        if self.kind in NEVER_IN_PASSING:
            return False
        named = case.scenario in self.scenarios
        return named or any(selects(word, case.requirement) for word in self.requirements)

    def describes(self, judgement: Judgement) -> bool:
        """Whether the answer judged is the one it documents, in every detail."""
        return (
            judgement.kind is self.kind
            and judgement.status in self.status
            and judgement.error in self.error
            and (self.answer is None or judgement.answer is self.answer)
        )


@dataclass(frozen=True, slots=True)
class Recognition:
    """How a vendor's server is told from its metadata. Every pattern given has to be found."""

    issuer: re.Pattern[str] | None = None
    metadata: Mapping[str, re.Pattern[str]] = field(default_factory=lambda: MappingProxyType({}))

    def fits(self, issuer: str, metadata: Mapping[str, Any]) -> bool:
        """Whether these are an issuer and metadata of the vendor."""
        if self.issuer is None and not self.metadata:
            return False
        if self.issuer is not None and not self.issuer.search(issuer):
            return False
        return all(
            pattern.search(str(metadata.get(member, ""))) is not None
            for member, pattern in self.metadata.items()
        )


@dataclass(frozen=True, slots=True)
class Default:
    """What a profile or preset says of a capability where the target file says nothing."""

    present: bool
    for_public: bool = False  # holds only where the main client is public


@dataclass(frozen=True, slots=True)
class Preset:
    """What a vendor's servers are documented to do."""

    name: str
    vendor: str
    date: str
    summary: str = ""
    recognised_by: tuple[Recognition, ...] = ()
    capabilities: Mapping[str, Default] = field(default_factory=lambda: MappingProxyType({}))
    deviations: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a profile makes of a requirement.

    `reading` says which of several readings holds; `level` replaces the document's own.
    """

    requirement: str
    why: str
    source: str
    reading: str = ""
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class EffectiveRequirement:
    """The level a requirement has under a profile; `why` where it is not the document's."""

    level: Level
    why: str = ""

    @property
    def severity(self) -> Severity:
        """What an unmet requirement does to the verdict."""
        return self.level.severity


@dataclass(frozen=True, slots=True)
class Profile:
    """What a target is held to: documents in force, rulings, differences that are allowed.

    Raises nothing; a profile is read and checked by the loader.
    """

    name: str
    title: str
    date: str
    documents: frozenset[str]  # prefixes of the registry's documents
    summary: str = ""
    rulings: Mapping[str, Ruling] = field(default_factory=lambda: MappingProxyType({}))
    capabilities: Mapping[str, Default] = field(default_factory=lambda: MappingProxyType({}))
    presets: tuple[Preset, ...] = ()

    def effective(self, row: Requirement) -> EffectiveRequirement:
        """The level of a requirement here; of a document not in force it is at most observed."""
        ruling = self.rulings.get(row.id)
        if ruling is not None and ruling.level is not None:
            if ruling.level is row.level:
                return EffectiveRequirement(row.level)
            return EffectiveRequirement(
                ruling.level, f"{row.level} in {row.source}; {self.name}: {ruling.why}"
            )
        if row.prefix in self.documents:
            return EffectiveRequirement(row.level)
        why = f"{row.level} in {row.source}, which the profile {self.name} does not hold to"
        return EffectiveRequirement(Level.MAY, why)

    def deviation(self, case: Case, judgement: Judgement) -> Deviation | None:
        """The documented difference that describes this answer to this case, if there is one."""
        return next(
            (
                deviation
                for preset in self.presets
                for deviation in preset.deviations
                if deviation.covers(case) and deviation.describes(judgement)
            ),
            None,
        )

    def default(self, capability: str) -> tuple[Default, str] | None:
        """What is said of a capability, and who says it: the profile itself first."""
        sayers: Iterable[tuple[str, Mapping[str, Default]]] = (
            (f"the profile {self.name}", self.capabilities),
            *((f"the preset {preset.name}", preset.capabilities) for preset in self.presets),
        )
        return next(
            ((said[capability], sayer) for sayer, said in sayers if capability in said), None
        )
