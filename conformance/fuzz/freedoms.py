"""The freedoms of the specifications, as data: where a parting is no finding."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

from conformance.documents import Marked, Reader
from conformance.errors import HarnessError, UnusableFile
from conformance.fuzz.compare import Parting
from conformance.play.transcript import Transcript
from conformance.play.verdicts import Kind
from conformance.scenario.model import Answer, StepKind

PLACES = (
    "authorize", "token", "refresh", "userinfo", "revoke", "introspect", "headers", "http",
    "client_auth",
)  # fmt: skip
ROW_KEYS = ("guard", "step", "kind", "changed", "after_failure", "why")


@dataclass(frozen=True, slots=True)
class Freedom:
    """Something left to the server; an empty field holds for anything.

    `changed` holds only where one of these places differs from a valid request; `after_failure`
    only where an earlier request of the play was refused.
    """

    kind: str
    why: str
    guard: str = ""
    step: str = ""
    changed: tuple[str, ...] = ()
    after_failure: bool = False

    def covers(self, parting: Parting, changed: Collection[str], *, failed: bool) -> bool:
        """Whether a parting lies within this freedom."""
        return (
            self.kind == parting.kind
            and self.guard in ("", parting.guard)
            and self.step in ("", parting.step_kind)
            and (not self.changed or bool(set(self.changed) & set(changed)))
            and (failed or not self.after_failure)
        )


def read_freedoms(file: str, text: str) -> tuple[Freedom, ...]:
    """The freedoms of a file.

    Raises:
        UnusableFile: with every problem of the file.
    """
    reader = Reader(file)
    rows = [row for document in reader.documents(text) for row in _rows(reader, document)]
    reader.finish()
    return tuple(rows)


def _rows(reader: Reader, document: Marked) -> Iterable[Freedom]:
    keys = ("format", "freedoms")
    fields = reader.mapping(document, allowed=keys, required=keys)
    reader.format_1(fields)
    for item in reader.sequence(fields["freedoms"]) if "freedoms" in fields else ():
        own = reader.mapping(item, allowed=ROW_KEYS, required=("kind", "why"))
        yield Freedom(
            kind=reader.choice(own["kind"], list(Kind)) if "kind" in own else "",
            why=reader.text(own["why"]) if "why" in own else "",
            guard=reader.text(own["guard"]) if "guard" in own else "",
            step=reader.choice(own["step"], list(StepKind)) if "step" in own else "",
            changed=reader.texts(own["changed"]) if "changed" in own else (),
            after_failure=reader.boolean(own["after_failure"]) if "after_failure" in own else False,
        )


@functools.cache
def known_freedoms() -> tuple[Freedom, ...]:
    """The bundled freedoms, read once a process.

    Raises:
        HarnessError: the bundled file is wrong; names file and line.
    """
    file = resources.files("conformance.fuzz") / "freedoms.yaml"
    try:
        return read_freedoms(file.name, file.read_text(encoding="utf-8"))
    except UnusableFile as error:
        raise HarnessError(f"the list of freedoms is wrong\n{error}") from error


def failed_before(transcript: Transcript, step: str) -> bool:
    """Whether a request before `step` was refused."""
    for played in transcript.steps:
        if played.step.name == step:
            return False
        if played.answer is not Answer.GRANTED:
            return True
    return False


def changed_places(content: dict[str, Any]) -> frozenset[str]:
    """The places a document changes, such as `token.code_verifier` or `dpop.claims.iat`."""
    found = set()
    for place in PLACES:
        found |= {f"{place}.{name}" for name in content.get(place, {})}
    for part, inner in content.get("dpop", {}).items():
        names = inner if isinstance(inner, dict) and part in ("header", "claims") else ()
        found |= {f"dpop.{part}.{name}" for name in names} or {f"dpop.{part}"}
    return frozenset(found)
