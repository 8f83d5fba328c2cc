"""What a record amounts to: the verdict in words, area by area, and what it leaves open."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tokenspec.reports.record import Line, Record
from tokenspec.reports.words import FEWER, VERDICTS, counted, word

RANK = {verdict.name: rank for rank, verdict in enumerate(VERDICTS)}
FAILING = ("fail", "stale-waiver")
QUIET = ("pass", "not-applicable")  # nobody has to act
JUDGED = ("pass", "warn", "observe", "deviation", "waived")  # of runs that break nothing
SILENT = ("not-applicable", "could-not-run", "unsteady")  # nothing is said about the target
HEADLINES = {
    "fails": "Does not conform",
    "not-established": "Conformance not established",
    "conforms": "Conforms in everything that was tested",
}
ENDED = {
    "interrupted": "The run was interrupted before its end.",
    "target-lost": "The target stopped answering before the end of the run.",
    "out-of-time": "The run took longer than its target file allows.",
    "stopped": "The run was stopped before its end.",
}
_SECTION = re.compile(r" §.*| Appendix .*|, [^,]*$")


@dataclass(frozen=True, slots=True)
class Area:
    """The cases of one area counted by verdict."""

    name: str
    counts: Counter[str]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())

    @property
    def shares(self) -> tuple[tuple[str, int], ...]:
        """Verdict and number, the gravest verdict first."""
        return tuple(sorted(self.counts.items(), key=lambda item: rank(item[0])))

    @property
    def in_words(self) -> str:
        """`2 of 34 failed, 32 passed`."""
        first, *rest = (f"{number} {word(verdict).phrase}" for verdict, number in self.shares)
        number, _, words = first.partition(" ")
        whole = f"all {number}" if not rest and self.total > 1 else f"{number} of {self.total}"
        return ", ".join([f"{whole} {words}", *rest])


@dataclass(frozen=True, slots=True)
class Gap:
    """Something the run did not establish. `parts` says more, one reason a line."""

    number: int
    text: str
    parts: tuple[str, ...] = ()
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """The requirements of one document, as rows of the coverage.

    `cited` have cases in this run, `untested` have none; `tested` counts those with a verdict that
    says something of the target.
    """

    name: str
    url: str
    cited: tuple[Line, ...]
    untested: tuple[Line, ...]
    tested: int

    @property
    def total(self) -> int:
        """All its requirements in the registry."""
        return len(self.cited) + len(self.untested)


@dataclass(frozen=True, slots=True)
class Summary:
    """A record counted. `verdict` is `fails`, `not-established` or `conforms`."""

    record: Record
    counts: Counter[str]
    areas: tuple[Area, ...]
    documents: tuple[Document, ...]
    verdict: str

    @classmethod
    def of(cls, record: Record) -> Summary:
        """Count a record."""
        counts = Counter(str(finding["verdict"]) for finding in record.findings)
        areas: dict[str, Counter[str]] = {}
        for finding in record.findings:
            areas.setdefault(finding["area"], Counter())[finding["verdict"]] += 1
        found = tuple(Area(name, areas[name]) for name in sorted(areas))
        return cls(record, counts, found, tuple(documents(record)), _verdict(record, counts))

    @property
    def headline(self) -> str:
        """The verdict in a few words."""
        return HEADLINES[self.verdict]

    @property
    def sentence(self) -> str:
        """The verdict in a sentence that can be quoted."""
        total = len(self.record.findings)
        requirements = broken_requirements(self.record)
        if self.verdict == "fails":
            parts = []
            failed = sum(f["verdict"] == "fail" and broken(f) for f in self.record.findings)
            if failed:
                parts.append(
                    f"{counted(failed, 'case')} of {total} "
                    f"{'breaks' if failed == 1 else 'break'} "
                    f"{counted(len(requirements), 'requirement')} that must be met (MUST, MUST NOT)"
                )
            stale = max(self.counts["stale-waiver"], len(self.record.waiver_problems))
            if stale:
                parts.append(f"{counted(stale, 'waiver')} no longer true")
            return "; ".join(parts) + "."
        if self.verdict == "not-established":
            return self._not_established
        number = len(self._tested())
        warned = {line["requirement"] for line in self.record.findings if line["verdict"] == "warn"}
        if warned:
            are = "is" if len(warned) == 1 else "are"
            return f"Nothing that must be met is broken; {len(warned)} that should be met {are}."
        if number == 0:
            return "Nothing is broken, and nothing was seen that holds for sure."
        if number == 1:
            return "The requirement tested was met."
        return f"None of the {number} requirements tested is broken."

    @property
    def _not_established(self) -> str:
        once = sum(f["verdict"] == "fail" and not broken(f) for f in self.record.findings)
        if once:
            failed = "case has" if once == 1 else "cases have"
            return f"{once} {failed} failed and could not be played again: nothing is sure of them."
        return f"No broken requirement was found, but {self._why_not_established}."

    @property
    def _why_not_established(self) -> str:
        if mostly_unsteady(self.record):
            return "most of what must be met was broken at first and not when played again"
        return "something essential could not be looked at"

    @property
    def established(self) -> tuple[str, ...]:
        """What the run shows in the target's favour, as sentences."""
        tested, met = self._tested(), self._met()
        sentences = [
            f"{counted(self.counts['pass'], 'case')} of {len(self.record.findings)} passed.",
            f"{len(met)} of {counted(len(tested), 'tested requirement')} met in every case.",
        ]
        if self.confirmed:
            sentences.append(
                f"{counted(self.confirmed, 'finding')} came again when the case was played alone."
            )
        whole = [area.name for area in self.areas if set(area.counts) == {"pass"}]
        if whole:
            sentences.append(f"Areas without any finding: {', '.join(whole)}.")
        if self.counts["pass"]:
            sentences.append(
                "A refusal counts as passed only where a valid exchange with the same client was "
                "granted."
            )
        return tuple(sentences)

    @property
    def confirmed(self) -> int:
        """How many findings came again when the case was played alone."""
        return sum(f.get("confirmed") is True for f in self.record.findings)

    @property
    def played_again(self) -> tuple[str, ...]:
        """What came of playing again, alone, what was in doubt, as sentences."""
        sentences = []
        if self.confirmed or self.counts["unsteady"]:
            sentences.append(
                f"Played again alone: {counted(self.confirmed, 'finding')} confirmed, "
                f"{self.counts['unsteady']} unsteady."
            )
        if len(self.record.at_once) > 1:
            sentences.append(fewer_at_once(self.record.at_once))
        return tuple(sentences)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What the run does not show, the most serious first."""
        return tuple(_gaps(self))

    def _tested(self) -> set[str]:
        return {f["requirement"] for f in self.record.findings if f["verdict"] not in SILENT}

    def _met(self) -> set[str]:
        good = ("not-applicable", "could-not-run", "pass")
        bad = {f["requirement"] for f in self.record.findings if f["verdict"] not in good}
        return self._tested() - bad


def rank(verdict: str) -> int:
    """How grave a verdict is; the gravest is 0."""
    return RANK.get(verdict, len(RANK))


def broken(finding: Line) -> bool:
    """Whether a finding fails the run by itself; one that was not confirmed does not."""
    return finding["verdict"] in FAILING and finding.get("confirmed") is not False


def broken_requirements(record: Record) -> dict[str, Line]:
    """Requirements that a finding breaks, each with its first such finding."""
    found: dict[str, Line] = {}
    for finding in record.findings:
        if broken(finding):
            found.setdefault(finding["requirement"], finding)
    return found


def documents(record: Record) -> Iterator[Document]:
    """The coverage document by document, in the order of the record."""
    judged = {f["key"] for f in record.findings if f["verdict"] not in SILENT}
    rows: dict[str, list[Line]] = {}
    for row in record.requirements:
        rows.setdefault(_SECTION.sub("", row["citation"]), []).append(row)
    for name, own in rows.items():
        cited = tuple(row for row in own if row.get("cases"))
        untested = tuple(row for row in own if not row.get("cases"))
        tested = sum(not judged.isdisjoint(row["cases"]) for row in cited)
        yield Document(name, str(own[0]["url"]).partition("#")[0], cited, untested, tested)


def _verdict(record: Record, counts: Counter[str]) -> str:
    if any(map(broken, record.findings)) or record.waiver_problems:
        return "fails"
    essential = any(
        (f["verdict"] == "could-not-run" or f.get("confirmed") is False)
        and f["level"].startswith("MUST")
        for f in record.findings
    )
    judged = any(counts[verdict] for verdict in JUDGED)
    if essential or record.faults or record.unfinished or not record.complete or not judged:
        return "not-established"
    return "not-established" if mostly_unsteady(record) else "conforms"


def mostly_unsteady(record: Record) -> bool:
    """Whether more MUSTs are unsteady than anything is said of: then the run shows little."""
    musts = Counter(f["verdict"] for f in record.findings if f["level"].startswith("MUST"))
    return musts["unsteady"] > sum(musts[verdict] for verdict in (*JUDGED, *FAILING))


def _gaps(summary: Summary) -> Iterator[Gap]:
    yield from _cut_off(summary.record)
    record = summary.record
    if record.faults:
        text = f"{counted(len(record.faults), 'case')} ended in a fault of tokenspec itself."
        yield Gap(len(record.faults), text, _parts(line["message"] for line in record.faults))
    for verdict, text in (
        ("could-not-run", "could not run; nothing can be said about what they test."),
        ("unsteady", "failed at first and not when played again alone."),
        ("not-applicable", "did not apply to this target, as it is described in the target file."),
    ):
        own = [f for f in record.findings if f["verdict"] == verdict]
        if own:
            parts = _parts(f["note"] or f["observed"] for f in own)
            yield Gap(len(own), f"{counted(len(own), 'case')} {text}", parts, f"verdict-{verdict}")
    unconfirmed = sum(f.get("confirmed") is False for f in record.findings)
    if unconfirmed:
        text = f"{counted(unconfirmed, 'finding')} not confirmed: the run ended too early."
        yield Gap(unconfirmed, text)
    at_once = record.at_once
    if len(at_once) > 1:
        yield Gap(1, fewer_at_once(at_once))
    suite = record.header.get("suite", {})
    left = suite.get("variants", 0) - suite.get("selected", 0)
    if left > 0:
        were = "was" if left == 1 else "were"
        text = f"{left} of the suite's {counted(suite['variants'], 'case')} {were} not selected."
        yield Gap(left, text, (_selection(record),))
    untested = [row for document in summary.documents for row in document.untested]
    if untested:
        text = (
            f"{len(untested)} of the {len(record.requirements)} requirements known to tokenspec "
            f"{'was' if len(untested) == 1 else 'were'} not tested."
        )
        yield Gap(len(untested), text, _parts(row["reason"] for row in untested), "matrix")
    if not record.header.get("target", {}).get("verify_tls", True):
        text = "TLS certificates were not verified, so the target may have been someone else."
        yield Gap(1, text)


def fewer_at_once(at_once: Sequence[int]) -> str:
    """That the target did not bear as many cases at once as were played at first."""
    first, last = at_once[0], at_once[-1]
    return FEWER.format(first=first, last=last, were="was" if last == 1 else "were")


def _cut_off(record: Record) -> Iterator[Gap]:
    if record.footer is None:
        yield Gap(1, "The record ends before the run did: it was interrupted or cut off.")
    elif record.footer.get("ended", "complete") != "complete":
        yield Gap(1, ENDED.get(record.footer["ended"], "The run ended early."))
    if record.missing_shards:
        text = f"{counted(len(record.missing_shards), 'shard')} of the run missing."
        yield Gap(len(record.missing_shards), text, record.missing_shards)
    if record.unfinished:
        text = f"{counted(len(record.unfinished), 'selected case')} without a result."
        yield Gap(len(record.unfinished), text, record.unfinished[:20])


def _selection(record: Record) -> str:
    select = record.header.get("settings", {}).get("select")
    return f"selected: {', '.join(select)}" if select else ""


def _parts(reasons: Iterable[str]) -> tuple[str, ...]:
    often = Counter(reasons).most_common()
    return tuple(f"{number} × {reason}" for reason, number in often)
