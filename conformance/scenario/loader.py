"""The strict loader: YAML files to scenarios, with every problem of a file reported at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from tokenspec.conformance.documents import Marked, Reader, marked, read_text, suggest
from tokenspec.conformance.errors import Problem, UnusableFile
from tokenspec.conformance.scenario.bases import BASES, USER_NEEDS, Base
from tokenspec.conformance.scenario.catalogue import shown_name
from tokenspec.conformance.scenario.changes import (
    REQUEST_KEYS,
    fold,
    on_top,
    read_change_map,
    read_request_changes,
)
from tokenspec.conformance.scenario.duplicates import duplicates
from tokenspec.conformance.scenario.model import (
    Case,
    Change,
    Changes,
    Place,
    Scenario,
    Setting,
    Step,
    StepKind,
)
from tokenspec.conformance.scenario.outcomes import ANSWERED, read_answer
from tokenspec.conformance.scenario.premises import has_control, premises_of, read_premises
from tokenspec.conformance.scenario.settings import (
    BOTH,
    KINDS,
    implied_needs,
    of_the_other_kind,
    read_setting,
)

__all__ = ["Vocabulary", "load_document", "load_file", "load_folders"]

IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9-]*")
STEP_WORDS = tuple(str(kind) for kind in StepKind)
USERS = tuple(USER_NEEDS)  # who carries a step, beside the first user
SHARED_KEYS = (
    "title", "requirement", "also", "why", "tags", "needs", "base", "client", "session", "pkce",
    "given", "premises", "refresh_tokens", "every_response", *ANSWERED, "then",
    *STEP_WORDS, *REQUEST_KEYS,
)  # fmt: skip
SCENARIO_KEYS = ("format", "id", "variants", *SHARED_KEYS)
CASE_KEYS = ("id", *SHARED_KEYS)
GONE = {"control": "leave it out: what a case rests on follows from its steps; see 'premises'"}
TOGETHER = "together"  # in place of a step: several, sent at the same moment
PAGES = (StepKind.AUTHORIZE, StepKind.PAGE)  # carried by a browser, which sends nothing to the tick

Fields = Mapping[str, Marked]
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names a scenario may use that are defined elsewhere."""

    requirement: Callable[[str], str]  # the problem with a requirement id, empty if it is known
    needs: Collection[str]  # names of capabilities
    checks: Collection[str]  # names of looks at an answer


def load_file(path: Path, vocabulary: Vocabulary, *, shown: str = "") -> list[Scenario]:
    """The scenarios of one file.

    Args:
        path: the file.
        vocabulary: requirement ids, capabilities and checks that exist.
        shown: how messages and records name the file; default `shown_name` of it.

    Raises:
        UnusableFile: with every problem of the file.
    """
    reader = Reader(shown or shown_name(path))
    area = path.parent.name
    documents = reader.documents(read_text(path))
    scenarios = [_Builder(reader, vocabulary, area, document).scenario() for document in documents]
    if not documents:
        reader.problem(Marked(None, 1, 1), "the file holds no scenario")
    reader.finish()
    return scenarios


def load_document(
    content: Mapping[str, Any], vocabulary: Vocabulary, *, area: str, shown: str = "generated"
) -> Scenario:
    """The scenario of a document that was made, not read; the same rules hold.

    Args:
        content: what a YAML document of the format holds.
        vocabulary: requirement ids, capabilities and checks that exist.
        area: the area its cases belong to.
        shown: how messages and records name it.

    Raises:
        UnusableFile: with every problem of the document.
    """
    reader = Reader(shown)
    scenario = _Builder(reader, vocabulary, area, marked(content)).scenario()
    reader.finish()
    return scenario


def load_folders(folders: Iterable[Path], vocabulary: Vocabulary) -> list[Scenario]:
    """Every scenario of every `*.yaml` file below `folders`, in path order.

    Args:
        folders: folders, or files.
        vocabulary: requirement ids, capabilities and checks that exist.

    Raises:
        UnusableFile: with every problem of every file, duplicate ids among them.
    """
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    for path in _files(folders):
        try:
            scenarios += load_file(path, vocabulary)
        except UnusableFile as error:
            problems += error.problems
    problems += duplicates(scenarios, {})
    if problems:
        raise UnusableFile(problems)
    return scenarios


def _files(folders: Iterable[Path]) -> Iterable[Path]:
    """Each file once, however often and by whatever way it is named."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in (folder,) if folder.is_file() else sorted(folder.rglob("*.yaml")):
            found.setdefault(shown_name(path), path)
    return found.values()


class _Builder:
    """Builds one scenario from its document."""

    def __init__(self, reader: Reader, vocabulary: Vocabulary, area: str, document: Marked) -> None:
        self.reader = reader
        self.vocabulary = vocabulary
        self.area = area
        self.document = document
        self.fields = reader.mapping(
            document,
            allowed=SCENARIO_KEYS,
            required=("format", "id", "title", "variants"),
            gone=GONE,
        )
        reader.format_1(self.fields)

        self._parts: dict[str, Any] = {}

    def scenario(self) -> Scenario:
        identifier = self._identifier(self.fields)
        cases = self.fields.get("variants")
        items = self.reader.sequence(cases) if cases else ()
        if cases and isinstance(cases.value, tuple) and not items:
            self.reader.problem(cases, "a scenario has at least one case")
        built = [(case, item) for item in items for case in self._cases(identifier, item)]
        self._check_unique(built)
        title = self.reader.text(self.fields["title"]) if "title" in self.fields else ""
        place = self._place(self.document)
        return Scenario(identifier, title, place, tuple(case for case, _ in built))

    def _identifier(self, fields: Fields) -> str:
        at = fields.get("id")
        if at is None:
            return ""
        identifier = self.reader.text(at)
        if identifier and not IDENTIFIER.fullmatch(identifier):
            hint = "lower-case letters, digits and hyphens"
            self.reader.problem(at, f"{identifier!r} is not a usable id", hint)
        return identifier

    def _check_unique(self, built: Iterable[tuple[Case, Marked]]) -> None:
        seen: set[str] = set()
        for case, item in built:
            if case.id in seen:
                self.reader.problem(item, f"case id {case.id!r} is used twice")
            seen.add(case.id)

    def _place(self, at: Marked) -> Place:
        return Place(self.reader.file, at.line)

    def _once(self, part: Part) -> Part:
        """The same part of an earlier case, if there is one, so that what is alike is kept once.

        By what it says: to Python 1 and True are equal.
        """
        kept: Part = self._parts.setdefault(repr(part), part)
        return kept

    def _cases(self, scenario: str, at: Marked) -> Iterator[Case]:
        """The case; and once more for the other kind of refresh tokens, where it is for both."""
        own = self.reader.mapping(at, allowed=CASE_KEYS, required=("id",), gone=GONE)
        case = self._case(scenario, at, own)
        yield case
        kinds = own.get("refresh_tokens", self.fields.get("refresh_tokens"))
        if kinds and self.reader.choice(kinds, KINDS) == BOTH:
            yield of_the_other_kind(case)

    def _case(self, scenario: str, at: Marked, own: Fields) -> Case:
        answered = any(word in own for word in ANSWERED)
        shared = {k: v for k, v in self.fields.items() if not (answered and k in ANSWERED)}
        both: Fields = {**shared, **own}
        base = self._base(both, at)
        steps = self._steps(own, both, base, at)
        given_steps = tuple(self._once(self._given_step(kind, own)) for kind in base.steps)
        setting = read_setting(self.reader, both, base)
        needs = self._once(self._needs(own, base, setting, (*steps, *given_steps)))
        named = read_premises(self.reader, both)
        control = given_steps if has_control(base, steps) else ()
        return Case(
            scenario=scenario,
            id=self._identifier(own),
            title=self.reader.text(both["title"]) if "title" in both else "",
            requirement=self._requirement(both, at),
            needs=needs,
            setting=self._once(setting),
            steps=tuple(map(self._once, steps)),
            control=self._once(control),
            control_setting=self._once(self._of_control(setting)),
            place=self._place(at),
            area=self.area,
            why=self.reader.text(both["why"]) if "why" in both else "",
            also=self._once(self._also(both)),
            tags=self._once(self.reader.texts(both["tags"])) if "tags" in both else (),
            every_response=self.reader.boolean(both["every_response"])
            if "every_response" in both
            else False,
            premises=self._once(premises_of(setting, needs, steps, control, named)),
        )

    @staticmethod
    def _of_control(own: Setting) -> Setting:
        return Setting(own.client, dpop=own.dpop, request_object=own.request_object)

    def _base(self, both: Fields, at: Marked) -> Base:
        if "base" not in both:
            self.reader.problem(at, "missing key 'base'", f"known: {', '.join(BASES)}")
            return BASES["code-exchange"]
        return BASES.get(self.reader.choice(both["base"], BASES), BASES["code-exchange"])

    def _requirement(self, both: Fields, at: Marked) -> str:
        if "requirement" not in both:
            hint = "the id of a row of the registry"
            self.reader.problem(at, "missing key 'requirement'", hint)
            return ""
        identifier = self.reader.text(both["requirement"])
        problem = self.vocabulary.requirement(identifier) if identifier else ""
        if problem:
            self.reader.problem(both["requirement"], problem)
        return identifier

    def _also(self, both: Fields) -> tuple[str, ...]:
        if "also" not in both:
            return ()
        identifiers = self.reader.texts(both["also"])
        for problem in filter(None, map(self.vocabulary.requirement, identifiers)):
            self.reader.problem(both["also"], problem)
        return identifiers

    def _needs(
        self, own: Fields, base: Base, setting: Setting, steps: Iterable[Step]
    ) -> tuple[str, ...]:
        stated = [need for fields in (self.fields, own) for need in self._stated_needs(fields)]
        return tuple(dict.fromkeys((*base.needs, *stated, *implied_needs(setting, steps))))

    def _stated_needs(self, fields: Fields) -> list[str]:
        if "needs" not in fields:
            return []
        words = self.reader.texts(fields["needs"])
        for word in words:
            if word not in self.vocabulary.needs:
                hint = suggest(word, self.vocabulary.needs)
                self.reader.problem(fields["needs"], f"unknown need {word!r}", hint)
        return list(words)

    def _given(self, own: Fields, kind: StepKind) -> dict[str, Change]:
        """The changes of `given` for one step, of the scenario and then of the case."""
        found = []
        for fields in (self.fields, own):
            if "given" in fields:
                given = self.reader.mapping(fields["given"], allowed=STEP_WORDS)
                if kind in given:
                    found.append(read_change_map(self.reader, given[kind]))
        return self._once(fold(found))

    def _given_step(self, kind: StepKind, own: Fields) -> Step:
        changes = Changes(parameters=self._given(own, kind))
        return Step(kind, str(kind), changes, given=True)

    def _steps(self, own: Fields, both: Fields, base: Base, at: Marked) -> tuple[Step, ...]:
        last = base.steps[-1]
        steps = []
        for kind in base.steps:
            written = [
                read_change_map(self.reader, fields[kind])
                for fields in (self.fields, own)
                if kind in fields
            ]
            parameters = self._once(on_top(self._given(own, kind), fold(written)))
            changes = Changes(parameters=parameters)
            if kind is last:
                changes = replace(read_request_changes(self.reader, both), parameters=parameters)
            steps.append(Step(kind, str(kind), changes, given=not written))
        followers = self._followers(both, base)
        first = self._judged(steps[-1], both, at, optional=bool(followers))
        self._refuse_stray_steps(own, base)
        played = (*steps[:-1], first, *followers)
        self._refuse_stray_names(played, at)
        return played

    def _judged(self, step: Step, fields: Fields, at: Marked, *, optional: bool) -> Step:
        answer = read_answer(self.reader, fields, self.vocabulary.checks)
        if not optional and (answer is None or answer.assumed):
            self.reader.problem(at, "missing key 'expect'", "say how a server has to answer")
        if answer is None:
            return step
        expect = tuple(map(self._once, answer.expect))
        judged = replace(step, expect=expect, oracle=answer.oracle, assumed=answer.assumed)
        return replace(judged, given=False)

    def _followers(self, both: Fields, base: Base) -> tuple[Step, ...]:
        if "then" not in both:
            return ()
        counts = {str(kind): base.steps.count(kind) for kind in StepKind}
        steps: list[Step] = []
        for group, item in enumerate(self.reader.sequence(both["then"]), start=1):
            if isinstance(item.value, dict) and TOGETHER in item.value:
                steps += self._together(item, counts, group)
            else:
                steps += self._follower(item, counts)
        return tuple(steps)

    def _together(self, at: Marked, counts: dict[str, int], group: int) -> Iterator[Step]:
        """The steps that are sent together."""
        members = self.reader.mapping(at, allowed=(TOGETHER,))[TOGETHER]
        items = self.reader.sequence(members)
        if len(items) == 1:
            hint = "one request many times at once is http: {at_once: …}"
            self.reader.problem(members, "what is sent together is two requests or more", hint)
        for item in items:
            for step in self._follower(item, counts):
                if step.kind in PAGES:
                    self.reader.problem(item, f"a browser sends {str(step.kind)!r} by itself")
                yield replace(step, concurrent_group=group)

    def _follower(self, item: Marked, counts: dict[str, int]) -> Iterator[Step]:
        """A further step, named after its kind and how many of it there were; none if it is bad."""
        fields = self.reader.mapping(item, allowed=(*STEP_WORDS, *REQUEST_KEYS, *ANSWERED, "user"))
        words = [word for word in fields if word in STEP_WORDS]
        if len(words) != 1:
            hint = f"one of: {', '.join(STEP_WORDS)}"
            self.reader.problem(item, "a step has exactly one request", hint)
            return
        word = words[0]
        counts[word] += 1
        name = word if counts[word] == 1 else f"{word}-{counts[word]}"
        parameters = read_change_map(self.reader, fields[word])
        changes = replace(read_request_changes(self.reader, fields), parameters=parameters)
        user = self.reader.choice(fields["user"], USERS) if "user" in fields else ""
        if user and word != StepKind.AUTHORIZE:
            self.reader.problem(fields["user"], f"no user takes part in {word!r}")
        step = Step(StepKind(word), name, changes, user=user)
        yield self._judged(step, fields, item, optional=True)

    def _refuse_stray_names(self, steps: Iterable[Step], at: Marked) -> None:
        """Outcomes that speak of a step there is not would never be met."""
        steps = tuple(steps)
        names = [step.name for step in steps]
        for step in steps:
            for outcome in step.expect:
                for name in filter(None, (outcome.at, *outcome.where)):
                    if name not in names:
                        message = f"{step.name!r} expects something of a step {name!r}"
                        self.reader.problem(at, message, f"its steps: {', '.join(names)}")

    def _refuse_stray_steps(self, own: Fields, base: Base) -> None:
        for fields in (self.fields, own):
            for kind in StepKind:
                if kind in fields and kind not in base.steps:
                    message = f"the base has no step {str(kind)!r}"
                    hint = f"its steps: {', '.join(base.steps)}; further ones go under 'then'"
                    self.reader.problem(fields[kind], message, hint)
