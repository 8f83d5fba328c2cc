"""The choices that the specifications allow, as data: where a divergence is no finding."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from tokenspec.conformance.documents import Marked, Reader
from tokenspec.conformance.errors import HarnessError, UnusableFile
from tokenspec.conformance.fuzz.citing import no_revocation
from tokenspec.conformance.fuzz.compare import Divergence
from tokenspec.conformance.play.oracle import OracleResult
from tokenspec.conformance.play.transcript import Transcript
from tokenspec.conformance.scenario.model import Changes, Step, StepKind
from tokenspec.conformance.target.capabilities import CAPABILITIES
from tokenspec.conformance.verdicts import Kind

ALLOWED_KEYS = (
    "guard", "step", "kind", "changed", "after_failure", "after", "choice", "unless", "why",
)  # fmt: skip
CHOICE_KEYS = ("name", "why", "ask", "unless", "granted", "refused")
EFFECT_KEYS = ("without", "window", "rotation")
ANY = "any"


@dataclass(frozen=True, slots=True)
class AllowedChoice:
    """Something left to the server; an empty field holds for anything.

    `changed` holds only where one of these places differs from a valid request; `after_failure`
    only where this guard of the oracle (or any) refused an earlier request; `after` only where a
    step of this name or kind was granted earlier. `choice` names what calibration asks the target;
    `unless` a capability, of which a server that has it made its choice.
    """

    kind: str
    why: str
    guard: str = ""
    step: str = ""
    changed: tuple[str, ...] = ()
    after_failure: str = ""
    after: str = ""
    choice: str = ""
    unless: str = ""

    def covers(self, divergence: Divergence, earlier: EarlierSteps) -> bool:
        """Whether a divergence lies within this choice."""
        return (
            self.kind == divergence.kind
            and self.guard in ("", divergence.guard)
            and self.step in ("", divergence.step_kind)
            and (not self.changed or bool(set(self.changed) & earlier.changed))
            and (self.after_failure in ("", *earlier.failed))
            and (self.after in ("", *earlier.granted))
        )


@dataclass(frozen=True, slots=True)
class Effect:
    """What an answer to a question changes about the oracle.

    `without` a guard; `window` seconds for which a proof is good; `rotation` of refresh tokens.
    """

    without: tuple[str, ...] = ()
    window: int = 0
    rotation: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A question to the target: documents whose last step is granted or refused.

    One grant decides for `granted`. Not asked of a target held to the capability `unless`.
    """

    name: str
    why: str
    ask: tuple[Mapping[str, Any], ...]
    unless: str = ""
    granted: Effect = Effect()
    refused: Effect = Effect()


@dataclass(frozen=True, slots=True)
class AllowedChoices:
    """The rows of a file, in order: the first that covers a divergence decides.

    `errors` names the guards whose error code is held against a target.
    """

    choices: tuple[Choice, ...]
    rows: tuple[AllowedChoice, ...]
    errors: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class EarlierSteps:
    """What a play had come to: places changed, guards that refused, steps granted."""

    changed: frozenset[str]
    failed: frozenset[str]
    granted: frozenset[str]


def earlier_steps(step: str, oracle: OracleResult, target: Transcript) -> EarlierSteps:
    """The steps before a step of a play; what an earlier failure was is what the oracle says."""
    changed: set[str] = set()
    failed: set[str] = set()
    granted: set[str] = set()
    for played in oracle.transcript.steps:
        changed |= set(_places(played.step))
        if played.step.name == step:
            break
        if not target.granted(played.step.name):
            refusal = oracle.refusals.get(played.step.name)
            failed |= {ANY, refusal.guard} if refusal else {ANY}
        elif not no_revocation(played.step):
            granted |= {played.step.name, str(played.step.kind)}
    return EarlierSteps(frozenset(changed), frozenset(failed), frozenset(granted))


def _places(step: Step) -> Iterator[str]:
    """The places a step changes, such as `token.code_verifier` or `dpop.claims.iat`."""
    yield from (f"{step.kind}.{name}" for name in step.changes.parameters)
    yield from (f"headers.{name}" for name in step.changes.headers)
    yield from _beside(str(step.kind), step.changes)


def _beside(kind: str, changes: Changes) -> Iterator[str]:
    if changes.client_auth is not None and changes.client_auth.client:
        yield f"{kind}.client_auth.client"
    if changes.client_auth is not None and changes.client_auth.method:
        yield f"client_auth.method.{changes.client_auth.method}"
    if changes.dpop is not None:
        if changes.dpop.alg:
            yield "dpop.alg"
        yield from (f"dpop.header.{name}" for name in changes.dpop.header)
        yield from (f"dpop.claims.{name}" for name in changes.dpop.claims)


def read_allowed_choices(file: str, text: str) -> AllowedChoices:
    """The allowed choices of a file.

    Raises:
        UnusableFile: with every problem of the file.
    """
    reader = Reader(file)
    choices: list[Choice] = []
    rows: list[AllowedChoice] = []
    errors: set[str] = set()
    for document in reader.documents(text):
        keys = ("format", "choices", "errors", "allowed")
        fields = reader.mapping(document, allowed=keys, required=keys)
        reader.format_1(fields)
        choices += _choices(reader, fields)
        errors |= set(reader.texts(fields["errors"])) if "errors" in fields else set()
        rows += _rows(reader, fields, [choice.name for choice in choices])
    reader.finish()
    return AllowedChoices(tuple(choices), tuple(rows), frozenset(errors))


def _choices(reader: Reader, fields: Mapping[str, Marked]) -> Iterable[Choice]:
    for item in reader.sequence(fields["choices"]) if "choices" in fields else ():
        own = reader.mapping(item, allowed=CHOICE_KEYS, required=("name", "why", "ask"))
        asked = reader.sequence(own["ask"]) if "ask" in own else ()
        yield Choice(
            name=_text(reader, own, "name"),
            why=_text(reader, own, "why"),
            ask=tuple(document.plain for document in asked),
            unless=_text(reader, own, "unless"),
            granted=_effect(reader, own.get("granted")),
            refused=_effect(reader, own.get("refused")),
        )


def _effect(reader: Reader, at: Marked | None) -> Effect:
    if at is None:
        return Effect()
    own = reader.mapping(at, allowed=EFFECT_KEYS)
    return Effect(
        without=reader.texts(own["without"]) if "without" in own else (),
        window=reader.integer(own["window"]) if "window" in own else 0,
        rotation=reader.boolean(own["rotation"]) if "rotation" in own else False,
    )


def _rows(
    reader: Reader, fields: Mapping[str, Marked], choices: Iterable[str]
) -> Iterable[AllowedChoice]:
    for item in reader.sequence(fields["allowed"]) if "allowed" in fields else ():
        own = reader.mapping(item, allowed=ALLOWED_KEYS, required=("kind", "why"))
        yield AllowedChoice(
            kind=reader.choice(own["kind"], list(Kind)) if "kind" in own else "",
            why=_text(reader, own, "why"),
            guard=_text(reader, own, "guard"),
            step=reader.choice(own["step"], list(StepKind)) if "step" in own else "",
            changed=reader.texts(own["changed"]) if "changed" in own else (),
            after_failure=_text(reader, own, "after_failure"),
            after=_text(reader, own, "after"),
            choice=reader.choice(own["choice"], list(choices)) if "choice" in own else "",
            unless=reader.choice(own["unless"], list(CAPABILITIES)) if "unless" in own else "",
        )


def _text(reader: Reader, own: Mapping[str, Marked], key: str) -> str:
    return reader.text(own[key]) if key in own else ""


@functools.cache
def allowed_choices() -> AllowedChoices:
    """The bundled allowed choices, read once a process.

    Raises:
        HarnessError: the bundled file is wrong; names file and line.
    """
    file = resources.files("tokenspec.conformance.fuzz") / "allowed_choices.yaml"
    try:
        return read_allowed_choices(file.name, file.read_text(encoding="utf-8"))
    except UnusableFile as error:
        raise HarnessError(f"the list of allowed choices is wrong\n{error}") from error
