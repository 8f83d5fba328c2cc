"""What changed between two records, and by what: target, suite, profile, waivers or tokenspec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Line = Mapping[str, Any]
GRAVITY = {"warn": 1, "fail": 2}
NOT_RUN = "could-not-run"


class RecordLike(Protocol):
    """What is needed of a record."""

    @property
    def header(self) -> Line:
        """Its first line."""
        ...

    @property
    def findings(self) -> Sequence[Line]:
        """Its findings."""
        ...

    @property
    def footer(self) -> Line | None:
        """Its last line; None where the run was cut off."""
        ...

    @property
    def causes(self) -> Sequence[Line]:
        """What explains its findings."""
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """A case whose verdict is not the same in both records, or that one of them lacks.

    `before` and `after` are verdicts with their kind, empty where the record lacks the case.
    """

    key: str
    title: str
    citation: str
    level: str
    before: str
    after: str
    cause: str  # target | luck | suite | profile | waivers | tokenspec | selection
    why: str
    worse: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two records side by side.

    `notes` say what differs between the runs as a whole. `came` and `went` are the causes, as lines
    of a record, that explain findings of the newer one alone, and of the older one alone.
    """

    notes: tuple[str, ...]
    changes: tuple[Change, ...]
    unchanged: int
    came: tuple[Line, ...] = ()
    went: tuple[Line, ...] = ()

    @property
    def worse(self) -> tuple[Change, ...]:
        """The changes that a gate stops: new failures, and MUSTs that newly could not run."""
        return tuple(change for change in self.changes if change.worse)


def worse(before: Line | None, after: Line) -> bool:
    """Whether `after` fails where `before`, the same case in an older record, did not fail so.

    A failure of another kind is new, unless it is milder (a warning where there was a failure). A
    MUST that could not run is new if it could run before.
    """
    was = judged(before) if before else ""
    now = str(after["verdict"])
    if now == NOT_RUN:
        return str(after["level"]).startswith("MUST") and was != NOT_RUN
    if now not in GRAVITY:
        return False
    if GRAVITY.get(was, 0) > GRAVITY[now]:
        return False
    return was != now or bool(before and before["kind"] != after["kind"])


def judged(finding: Line) -> str:
    """The verdict on the target, whatever a waiver made of it."""
    return str(finding.get("judged") or finding["verdict"])


def profile(header: Line) -> str:
    """The profile of a run with its version, as one text."""
    value = header.get("profile", "")
    if not isinstance(value, Mapping):
        return str(value)
    parts = (value.get(name) for name in ("name", "version", "date", "digest"))
    return " ".join(str(part) for part in parts if part)


def compare(old: RecordLike, new: RecordLike) -> Comparison:
    """Everything that is different in `new`; failures first, then in the order of the records."""
    before = {finding["key"]: finding for finding in old.findings}
    after = {finding["key"]: finding for finding in new.findings}
    keys = [*after, *(key for key in before if key not in after)]
    changes = [
        change
        for key in keys
        if (change := _change(before.get(key), after.get(key), old.header, new.header)) is not None
    ]
    changes.sort(key=lambda change: not change.worse)
    return Comparison(
        notes=tuple(_notes(old, new)),
        changes=tuple(changes),
        unchanged=len(keys) - len(changes),
        came=_causes_without(new, old),
        went=_causes_without(old, new),
    )


def _causes_without(one: RecordLike, other: RecordLike) -> tuple[Line, ...]:
    known = {cause["id"] for cause in other.causes}
    return tuple(cause for cause in one.causes if cause["id"] not in known)


def _change(before: Line | None, after: Line | None, old: Line, new: Line) -> Change | None:
    if before is not None and after is not None and _shown(before) == _shown(after):
        return None
    shown: Line = after or before or {}
    if before is None or after is None:
        cause, why = _missing(before, old, new)
    else:
        cause, why = _cause(before, after, old, new)
    return Change(
        key=shown["key"],
        title=shown["title"],
        citation=shown["citation"],
        level=shown["level"],
        before=_shown(before),
        after=_shown(after),
        cause=cause,
        why=why,
        worse=after is not None and worse(before, after),
    )


def _shown(finding: Line | None) -> str:
    if finding is None:
        return ""
    return f"{finding['verdict']} ({finding['kind']})" if finding["kind"] else finding["verdict"]


def _missing(before: Line | None, old: Line, new: Line) -> tuple[str, str]:
    """Why only one of the records has a case."""
    if old["suite"]["digest"] == new["suite"]["digest"]:
        where = "older" if before is None else "newer"
        return "selection", f"not examined in the {where} run"
    return "suite", "not in the older suite" if before is None else "not in the newer suite"


def _cause(before: Line, after: Line, old: Line, new: Line) -> tuple[str, str]:
    """What made the difference; the target only where nothing of ours can have."""
    if judged(before) == judged(after) and before["kind"] == after["kind"]:
        return "waivers", "only what is waived differs"
    if before.get("digest") != after.get("digest"):
        return "suite", "the case itself was changed"
    if profile(old) != profile(new):
        return "profile", f"judged by {profile(new)}, before by {profile(old)}"
    if old["tokenspec"] != new["tokenspec"]:
        return "tokenspec", f"release {new['tokenspec']}, before {old['tokenspec']}"
    if before.get("races") and after.get("races"):
        return "luck", "a race, which does not come out alike each time"
    return "target", "the same case was answered otherwise"


def _notes(old: RecordLike, new: RecordLike) -> Iterator[str]:
    for name in ("issuer", "name", "version"):
        was, now = old.header["target"].get(name), new.header["target"].get(name)
        if was != now:
            yield f"target {name}: {was or 'not given'} → {now or 'not given'}"
    was, now = profile(old.header), profile(new.header)
    if was != now:
        yield f"profile: {was} → {now}"
    was, now = old.header["tokenspec"], new.header["tokenspec"]
    if was != now:
        yield f"tokenspec: {was} → {now}"
    if old.header["suite"]["digest"] != new.header["suite"]["digest"]:
        yield "the suites differ"
    for which, record in (("older", old), ("newer", new)):
        if record.footer is None:
            yield f"the {which} record was cut off before its end"
        elif record.footer.get("ended", "complete") != "complete":
            yield f"the {which} run ended early: {record.footer['ended']}"
