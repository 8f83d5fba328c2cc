"""The strict loader of profiles and presets: all problems of a file at once, each with its place.

The format is explained in docs/profiles.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from tokenspec.conformance.documents import Marked, Reader
from tokenspec.conformance.profile.model import (
    NEVER_IN_PASSING,
    Confidence,
    Default,
    Deviation,
    Evidence,
    Preset,
    Profile,
    Recognition,
    Ruling,
)
from tokenspec.conformance.registry import Level, Registry
from tokenspec.conformance.scenario.model import Answer
from tokenspec.conformance.target.capabilities import CAPABILITIES
from tokenspec.conformance.verdicts import Kind

PROFILE_KEYS = (
    "format", "profile", "title", "date", "summary", "extends", "documents", "capabilities",
    "presets", "rulings",
)  # fmt: skip
RULING_KEYS = ("reading", "level", "why", "source")
PRESET_KEYS = (
    "format", "preset", "vendor", "date", "summary", "recognised_by", "capabilities", "deviations",
)  # fmt: skip
DEVIATION_KEYS = (
    "scenarios", "requirements", "kind", "answer", "status", "error", "source", "confidence",
    "date", "note",
)  # fmt: skip
RECOGNITION_KEYS = ("issuer", "metadata")
LEVELS = tuple(level.value for level in Level)
KINDS = tuple(kind.value for kind in Kind if kind is not Kind.NONE)
ANSWERS = tuple(answer.value for answer in Answer)
CONFIDENCES = tuple(item.value for item in Confidence)
PUBLIC_ONLY = "for-public"
STATUSES = range(100, 600)


@dataclass(frozen=True, slots=True)
class Draft:
    """A profile as its file has it: what it extends and which presets it allows, by name."""

    profile: Profile
    extends: str
    presets: tuple[str, ...]


def read_profile(file: str, text: str, registry: Registry | None = None) -> Draft:
    """The profile of one file.

    Args:
        file: how messages name the file.
        text: its content.
        registry: where requirements are looked up; default the bundled one.

    Raises:
        UnusableFile: with every problem of the file.
    """
    reading = _Reading(file, text, registry)
    draft = reading.profile()
    reading.reader.finish()
    return draft


def read_preset(file: str, text: str, registry: Registry | None = None) -> Preset:
    """The preset of one file; arguments and errors as for `read_profile`."""
    reading = _Reading(file, text, registry)
    preset = reading.preset()
    reading.reader.finish()
    return preset


class _Reading:
    """One file being read."""

    def __init__(self, file: str, text: str, registry: Registry | None) -> None:
        self.reader = Reader(file)
        self.registry = registry or Registry.load()
        documents = self.reader.documents(text)
        if len(documents) != 1:
            self.reader.problem(Marked(None, 1, 1), "expected exactly one YAML document")
            self.reader.finish()
        self.document = documents[0]

    def profile(self) -> Draft:
        """Everything a profile says."""
        own = self.reader.mapping(
            self.document,
            allowed=PROFILE_KEYS,
            required=("format", "profile", "title", "date", "documents"),
        )
        self.reader.format_1(own)
        rulings = self._entries(own, "rulings", self._ruling)
        profile = Profile(
            name=self._text(own, "profile"),
            title=self._text(own, "title"),
            date=self._date(own),
            documents=frozenset(self._documents(own)),
            summary=self._text(own, "summary"),
            rulings=MappingProxyType({ruling.requirement: ruling for ruling in rulings}),
            capabilities=self._capabilities(own),
        )
        presets = self.reader.texts(own["presets"]) if "presets" in own else ()
        return Draft(profile, self._text(own, "extends"), presets)

    def preset(self) -> Preset:
        """Everything a preset says."""
        own = self.reader.mapping(
            self.document, allowed=PRESET_KEYS, required=("format", "preset", "vendor", "date")
        )
        self.reader.format_1(own)
        name = self._text(own, "preset")
        known = self._items(own, "recognised_by")
        return Preset(
            name=name,
            vendor=self._text(own, "vendor"),
            date=self._date(own),
            summary=self._text(own, "summary"),
            recognised_by=tuple(self._recognition(item) for item in known),
            capabilities=self._capabilities(own),
            deviations=tuple(self._deviation(name, at) for at in self._items(own, "deviations")),
        )

    def _documents(self, own: Mapping[str, Marked]) -> Iterable[str]:
        known = {row.prefix for row in self.registry.all}
        for item in self._items(own, "documents"):
            yield self.reader.choice(item, sorted(known))

    def _ruling(self, identifier: str, at: Marked) -> Ruling:
        own = self.reader.mapping(at, allowed=RULING_KEYS, required=("why", "source"))
        problem = self.registry.problem(identifier)
        if problem:
            self.reader.problem(at, problem)
        if "reading" not in own and "level" not in own:
            self.reader.problem(at, "a ruling has a 'reading', a 'level' or both")
        level = self.reader.choice(own["level"], LEVELS) if "level" in own else ""
        return Ruling(
            requirement=identifier,
            why=self._text(own, "why"),
            source=self._text(own, "source"),
            reading=self._text(own, "reading"),
            level=Level(level) if level in LEVELS else None,
        )

    def _capabilities(self, own: Mapping[str, Marked]) -> Mapping[str, Default]:
        given = {}
        at = own.get("capabilities")
        for name, value in (self.reader.mapping(at, allowed=CAPABILITIES) if at else {}).items():
            if value.value == PUBLIC_ONLY:
                given[name] = Default(present=True, for_public=True)
            else:
                given[name] = Default(self.reader.boolean(value))
        return MappingProxyType(given)

    def _recognition(self, at: Marked) -> Recognition:
        own = self.reader.mapping(at, allowed=RECOGNITION_KEYS)
        members = self.reader.mapping(own["metadata"]) if "metadata" in own else {}
        if not own:
            self.reader.problem(at, "a vendor is recognised by 'issuer', by 'metadata' or by both")
        return Recognition(
            issuer=self._pattern(own["issuer"]) if "issuer" in own else None,
            metadata=MappingProxyType({n: self._pattern(item) for n, item in members.items()}),
        )

    def _deviation(self, preset: str, at: Marked) -> Deviation:
        own = self.reader.mapping(
            at, allowed=DEVIATION_KEYS, required=("kind", "status", "source", "confidence", "date")
        )
        kind = self._choice(own, "kind", KINDS)
        answer = self._choice(own, "answer", ANSWERS)
        confidence = self._choice(own, "confidence", CONFIDENCES)
        deviation = Deviation(
            kind=Kind(kind) if kind else Kind.NONE,
            evidence=Evidence(
                preset=preset,
                source=self._text(own, "source"),
                confidence=Confidence(confidence) if confidence else Confidence.OBSERVED,
                date=self._date(own),
                note=self._text(own, "note"),
            ),
            status=self._statuses(own),
            error=self.reader.texts(own["error"]) if "error" in own else ("",),
            answer=Answer(answer) if answer else None,
            scenarios=self.reader.texts(own["scenarios"]) if "scenarios" in own else (),
            requirements=tuple(self._selectors(own)),
        )
        self._check_reach(at, deviation)
        return deviation

    def _check_reach(self, at: Marked, deviation: Deviation) -> None:
        """What was granted or sent elsewhere is allowed to a case alone that is named."""
        if not deviation.scenarios and not deviation.requirements:
            self.reader.problem(at, "a deviation names 'scenarios', 'requirements' or both")
        broad = [name for name in deviation.scenarios if "/" not in name]
        if deviation.kind in NEVER_IN_PASSING and (deviation.requirements or broad):
            self.reader.problem(
                at,
                f"a deviation of kind {deviation.kind} names each case it excuses",
                "scenarios: [scenario/case], and no 'requirements'",
            )

    def _selectors(self, own: Mapping[str, Marked]) -> Iterable[str]:
        at = own.get("requirements")
        for word in self.reader.texts(at) if at else ():
            if at and not self.registry.matching(word):
                problem = self.registry.problem(word) or word
                self.reader.problem(at, f"no requirement begins with {word!r}", problem)
            yield word

    def _statuses(self, own: Mapping[str, Marked]) -> tuple[int, ...]:
        given = self.reader.integers(own["status"]) if "status" in own else ()
        wrong = [status for status in given if status not in STATUSES]
        if wrong:
            self.reader.problem(own["status"], f"{wrong[0]} is no HTTP status")
        return given

    def _date(self, own: Mapping[str, Marked]) -> str:
        text = self._text(own, "date")
        try:
            valid = not text or date.fromisoformat(text).isoformat() == text
        except ValueError:
            valid = False
        if not valid:
            self.reader.problem(own["date"], f"{text!r} is not a date", "write YYYY-MM-DD")
        return text

    def _pattern(self, at: Marked) -> re.Pattern[str]:
        text = self.reader.text(at)
        try:
            return re.compile(text)
        except re.error as error:
            self.reader.problem(at, f"{text!r} is not a valid regular expression: {error}")
            return re.compile("$.")

    def _choice(self, own: Mapping[str, Marked], key: str, options: tuple[str, ...]) -> str:
        word = self.reader.choice(own[key], options) if key in own else ""
        return word if word in options else ""

    def _entries(
        self, own: Mapping[str, Marked], key: str, read: Callable[[str, Marked], Ruling]
    ) -> list[Ruling]:
        at = own.get(key)
        return [read(name, item) for name, item in self.reader.mapping(at).items()] if at else []

    def _items(self, own: Mapping[str, Marked], key: str) -> tuple[Marked, ...]:
        return self.reader.sequence(own[key]) if key in own else ()

    def _text(self, own: Mapping[str, Marked], key: str) -> str:
        return self.reader.text(own[key]) if key in own else ""
