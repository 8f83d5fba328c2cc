"""`tokenspec replay`: cases of a record again, and whether their verdicts still hold."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenspec import __version__
from tokenspec.conformance.cli.report import warn
from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.preflight.opening import BUNDLED_ISSUER, Opened, open_target
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.conformance.record.header import header_line
from tokenspec.conformance.record.lines import finding_line
from tokenspec.conformance.record.reading import read_record
from tokenspec.conformance.run.replaying import (
    EXCUSED,
    Replayed,
    beside,
    cases_of,
    chosen,
    concluded,
    play_again,
)
from tokenspec.conformance.run.suite import Suite, whole_suite
from tokenspec.conformance.scenario.model import Case
from tokenspec.reports.again import replay
from tokenspec.reports.audit import deciding
from tokenspec.reports.changes import Comparison, compare, judged
from tokenspec.reports.curl import curl, variables
from tokenspec.reports.evidence import exchange_lines
from tokenspec.reports.record import Record
from tokenspec.reports.terminal import finding_lines

Line = Mapping[str, Any]
LABEL = 14
EPILOG = """\
Without an ID every case is played again that failed, warned, deviated, was waived or could not
run. Target file, profile, --strict, --scenarios, --fail-on and seed are those of the record. Cases
that look at every answer of a run are played beside the cases in which something was seen.

examples:
  tokenspec replay tokenspec-report/record.ndjson
  tokenspec replay tokenspec-report/record.ndjson pkce-verifier-wrong/last-character-changed
  tokenspec replay nightly.ndjson code-used-twice --target staging.yaml

exit codes: as those of a run of these cases: 0 nothing of them fails any more, or a waiver or the
baseline of the record excuses it; 1 nonconformities; 2 interrupted; 3 fault of tokenspec; 4 wrong
usage or file; 5 nothing to play again; 6 not established
"""


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "replay",
        help=VERBS["replay"].help,
        description="Play cases of a record again and say for each whether its verdict is still "
        "the same.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("record", metavar="RECORD", help="record.ndjson of a run")
    parser.add_argument("ids", nargs="*", metavar="ID", help="cases (scenario/case) or scenarios")
    parser.add_argument(
        "--target", metavar="FILE", help="target file; default the one that the record names"
    )
    parser.add_argument(
        "--scenarios",
        metavar="DIR",
        action="append",
        help="folder that the record's own scenarios are in now",
    )
    parser.add_argument(
        "--evidence",
        action="store_true",
        help="show every exchange, also of cases not given as ID",
    )
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Read, play, compare, tell.

    Raises:
        UnusableFile: the record or the target file is wrong.
        UsageError: an ID is not in the record, or the target is another one.
        TargetUnusable: the target cannot be used.
    """
    record = read_record(Path(options.record))
    warn(record)
    findings = chosen(record, options.ids)
    if not record.findings:
        print("nothing to play again: the record has no findings")
        return ExitCode.NOTHING_SELECTED
    if not findings:
        print("nothing to play again: every case of the record is settled")
        return ExitCode.NOTHING_SELECTED
    folders = options.scenarios or record.header["settings"].get("scenarios") or ()
    suite = {case.key: case for case in whole_suite(map(Path, folders))}
    cases = cases_of(findings, suite)
    opened = _open(record, options.target)
    try:
        opened.make_ready()
        header = header_line(
            opened.setup,
            started=time.time(),
            suite=Suite(tuple(suite.values())).facts(__version__),
        )
        shown = [case.key for case in cases if options.evidence or case.key in options.ids]
        telling = _Telling(record, header, replay(options.record), tuple(shown))
        print("\n".join(telling.header(opened.setup, options.record, len(findings))))
        replayed = _play(opened, record, cases, beside(findings, suite.values()), telling)
    finally:
        opened.close()
    same = sum(one.same for one in replayed)
    print(f"\n{same} of {len(replayed)} as in the record, {len(replayed) - same} otherwise")
    return concluded(replayed, record.fail_on).exit_code


def _open(record: Record, given: str | None) -> Opened:
    """The target of the record, or the one given.

    Raises:
        UsageError: the target file is not there, or is of another issuer than the record.
    """
    target = record.header["target"]
    named = given or target["file"]
    if not named and target["issuer"] != BUNDLED_ISSUER:
        raise UsageError(f"the record names no target file for {target['issuer']}", "--target FILE")
    if named and not given and not Path(named).exists():
        hint = "name it with --target, or start in the folder that the run was started in"
        raise UsageError(f"the target file {named} of the record is not here", hint)
    profile, strict = record.header["profile"], record.header["settings"].get("strict")
    opened = open_target(
        Path(named) if named else None,
        os.environ,
        profile=profile["name"] if isinstance(profile, Mapping) else str(profile),
        rate=record.header["settings"].get("rate"),
        strict=bool(strict),
    )
    issuer = opened.setup.target.issuer
    if issuer != target["issuer"] and not given:
        opened.close()
        raise UsageError(
            f"{named} is of {issuer} now, the record of {target['issuer']}",
            f"--target {named} plays the cases there all the same",
        )
    return opened


def _play(
    opened: Opened,
    record: Record,
    cases: Sequence[Case],
    others: Sequence[Case],
    telling: _Telling,
) -> list[Replayed]:
    """Each case is told as it comes, so that an interrupted replay has said what it knows."""
    before = {finding["key"]: finding for finding in record.findings}
    found = []
    try:
        for finding in play_again(opened.setup, cases, others, record.header.get("seed")):
            found.append(Replayed(before[finding.key], finding_line(finding)))
            print("\n".join(telling.case(found[-1])), flush=True)
    except KeyboardInterrupt:
        opened.stop()
        raise
    return found


@dataclass(frozen=True, slots=True)
class _Telling:
    """What a replay says: of `record`, against a run whose header would be `header`.

    `again` plays a case again; of the cases `shown`, and of changed ones, every exchange is told.
    """

    record: Record
    header_now: Line
    again: str
    shown: tuple[str, ...]

    def header(self, setup: Setup, path: str, number: int) -> Iterator[str]:
        """What is played, against what, and what is not as it was then."""
        then = self.record.header
        made = str(then.get("started", ""))[:16].replace("T", " ")
        yield (
            f"tokenspec {__version__} plays {number} of the {len(self.record.findings)} cases of "
            f"{path} again, made {made} UTC"
        )
        target = setup.target
        rows = {
            "target": f"{target.issuer} ({target.file or 'the bundled server, in this process'})",
            "profile": f"{setup.profile.name} {setup.profile.date}: {setup.profile.title}",
            "seed": str(then.get("seed")),
            "WARNING": "" if target.verify_tls else "TLS certificates are not verified",
        }
        yield from (f"{name:{LABEL}}{text}" for name, text in rows.items() if text)
        yield from (f"{'note':{LABEL}}{note}" for note in self._compared(()).notes)

    def case(self, one: Replayed) -> Iterator[str]:
        """One case: whether it is as before, the finding in full, the evidence."""
        head, *rows = finding_lines(one.after, self.again)
        yield f"\n{'as before' if one.same else 'CHANGED'}  {head[2]}"
        yield from (f"  {name:{LABEL - 1}}{text}" for name, text in self._then(one) if text)
        yield from (label + text for _, label, text in rows)
        if not one.same or one.after["key"] in self.shown:
            yield from _evidence(one.after)

    def _then(self, one: Replayed) -> Iterator[tuple[str, str]]:
        """What the record has of the case, where that is not the same."""
        before = one.before
        if one.same:
            yield "recorded as", before["verdict"] if before["verdict"] in EXCUSED else ""
            return
        kind = f" ({before['kind']})" if before["kind"] else ""
        yield "was", f"{judged(before).upper()}{kind}"
        yield "got then", before["observed"] or before["note"]
        (change,) = self._compared((one,)).changes
        yield "cause", f"{change.cause}: {change.why}"

    def _compared(self, cases: Sequence[Replayed]) -> Comparison:
        old = Record(self.record.header, tuple(one.before for one in cases), {})
        return compare(old, Record(self.header_now, tuple(one.after for one in cases), {}))


def _evidence(finding: Line) -> Iterator[str]:
    exchanges = finding["exchanges"]
    for number, exchange in enumerate(exchanges, start=1):
        yield f"\n  exchange {number} of {len(exchanges)}: {exchange['step']}"
        lines = "\n".join(exchange_lines(exchange)).split("\n")
        yield from (f"    {line}".rstrip() for line in lines)
    request = deciding(finding)
    if request is None or "login page" in request["url"]:
        return
    yield "\n  the deciding request as curl"
    if variables(request):
        yield f"    # set {', '.join(variables(request))} to values of a fresh exchange"
    yield from (f"    {line}" for line in curl(request).split("\n"))
