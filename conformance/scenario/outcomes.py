"""Reading `expect`: one outcome, or a list tried in order."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tokenspec.conformance.documents import Marked, Reader, suggest
from tokenspec.conformance.scenario.changes import read_change_map
from tokenspec.conformance.scenario.model import NOTHING, Answer, Outcome

BROKEN = "broken"  # as grave as the level of the requirement has it
VERDICTS = ("pass", "warn", "observe", BROKEN)
ANSWERS = tuple(str(answer) for answer in Answer if answer is not Answer.NO_ANSWER)
OUTCOME_KEYS = (
    "verdict", "answer", "at", "where", "status", "error", "has", "lacks", "equals", "headers",
    "checks", "at_most", "strict", "note",
)  # fmt: skip
ORACLE = "oracle"
EXPECT, ASSUME = ANSWERED = ("expect", "assume")


@dataclass(frozen=True, slots=True)
class Answered:
    """How a step has to be answered.

    Attributes:
        expect: the outcomes, tried in order.
        oracle: as the oracle answers, in their place.
        assumed: what later steps rest on, not what the case claims.
    """

    expect: tuple[Outcome, ...]
    oracle: bool
    assumed: bool


def read_answer(
    reader: Reader, fields: Mapping[str, Marked], checks: Collection[str]
) -> Answered | None:
    """What a step says of its answer, under `expect` or `assume`; None where it says nothing."""
    said = [word for word in ANSWERED if word in fields]
    if not said:
        return None
    if len(said) > 1:
        hint = "'expect' is what the case claims, 'assume' what its later steps rest on"
        reader.problem(fields[ASSUME], "a step has one of 'expect' and 'assume'", hint)
    at = fields[said[0]]
    return Answered(read_expect(reader, at, checks), at.value == ORACLE, said == [ASSUME])


def read_expect(reader: Reader, at: Marked, checks: Collection[str]) -> tuple[Outcome, ...]:
    """The outcomes of an `expect`; empty for the word `oracle`."""
    if at.value == ORACLE:
        return ()
    items = at.value if isinstance(at.value, tuple) else (at,)
    return tuple(_read_outcome(reader, item, checks) for item in items)


def _read_outcome(reader: Reader, at: Marked, checks: Collection[str]) -> Outcome:
    if isinstance(at.value, str):
        word = reader.choice(at, (*ANSWERS, ORACLE))
        return Outcome(Answer(word) if word in ANSWERS else Answer.GRANTED)
    fields = reader.mapping(at, allowed=OUTCOME_KEYS)
    status = reader.integers(fields["status"]) if "status" in fields else ()
    error = reader.texts(fields["error"]) if "error" in fields else ()
    named = reader.texts(fields["checks"]) if "checks" in fields else ()
    for name in named:
        if name not in checks:
            reader.problem(fields["checks"], f"unknown check {name!r}", suggest(name, checks))
    headers = reader.mapping(fields["headers"]) if "headers" in fields else {}
    return Outcome(
        answer=_answer(reader, fields, status, error),
        verdict=reader.choice(fields["verdict"], VERDICTS) if "verdict" in fields else "pass",
        at=reader.text(fields["at"]) if "at" in fields else "",
        where=_where(reader, fields["where"]) if "where" in fields else NOTHING,
        status=status,
        error=error,
        has=reader.texts(fields["has"]) if "has" in fields else (),
        lacks=reader.texts(fields["lacks"]) if "lacks" in fields else (),
        equals=read_change_map(reader, fields["equals"], text_only=False)
        if "equals" in fields
        else NOTHING,
        headers={name: reader.text(value) for name, value in headers.items()} or NOTHING,
        checks=named,
        at_most=reader.integer(fields["at_most"]) if "at_most" in fields else 0,
        strict=reader.boolean(fields["strict"]) if "strict" in fields else False,
        note=reader.text(fields["note"]) if "note" in fields else "",
    )


def _where(reader: Reader, at: Marked) -> dict[str, Answer]:
    """By the name of another step, the class of its answer."""
    words = {step: reader.choice(word, ANSWERS) for step, word in reader.mapping(at).items()}
    return {step: Answer(word) for step, word in words.items() if word in ANSWERS}


def _answer(
    reader: Reader, fields: Mapping[str, Marked], status: tuple[int, ...], error: tuple[str, ...]
) -> Answer:
    """The class an outcome speaks of: as written, else as its status and error imply."""
    if "answer" in fields:
        word = reader.choice(fields["answer"], ANSWERS)
        return Answer(word) if word in ANSWERS else Answer.GRANTED
    refused = bool(error) or (bool(status) and min(status) >= 400)  # noqa: PLR2004 - HTTP errors
    return Answer.REFUSED if refused else Answer.GRANTED
