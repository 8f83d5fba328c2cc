"""`tokenspec waivers`: a waiver file brought up to date with what a run found."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.diagnosis.of_record import diagnosed
from tokenspec.conformance.documents import read_text
from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.conformance.record.reading import read_record
from tokenspec.conformance.run.gate import today_in_utc
from tokenspec.conformance.waivers.editing import Draft, added, removed
from tokenspec.conformance.waivers.ledger import STALE, UNUSED
from tokenspec.conformance.waivers.loader import TODO, parse_waivers
from tokenspec.conformance.waivers.model import Waivers
from tokenspec.reports.record import Record

USUAL_FILE = "waivers.yaml"
USUAL_DAYS = 90
EXAMPLES = """\
examples:
  tokenspec run target.yaml                       a run writes tokenspec-report/record.ndjson
  tokenspec waivers update tokenspec-report/record.ndjson
  tokenspec waivers update RECORD --reason "fixed in 4.2" --owner team-auth --expires 2027-03-31
  tokenspec waivers update RECORD --cause 2       what the second cause of `diagnose` explains
  tokenspec run target.yaml --waivers waivers.yaml
  tokenspec waivers prune RECORD                  drop what is not needed any more

An entry without --reason and --owner says TODO, which a run refuses until a person fills it in.
"""


def add_to(verbs: Any) -> None:
    """Add the verb and its two acts."""
    parser = verbs.add_parser(
        "waivers",
        help=VERBS["waivers"].help,
        description="Write waivers for the failures of a run, or remove those that are no longer "
        "needed. Comments and the order of entries are kept.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    acts = parser.add_subparsers(title="acts", metavar="ACT", required=True)
    update = acts.add_parser(
        "update", help="add waivers for the failures of a run", allow_abbrev=False
    )
    update.add_argument("--reason", default=TODO, help="why the failures are accepted for now")
    update.add_argument("--owner", default=TODO, help="person responsible")
    update.add_argument("--link", default="", help="link to where they are tracked")
    update.add_argument(
        "--expires",
        type=date.fromisoformat,
        metavar="DAY",
        help=f"last day of the waivers, such as 2027-03-31; default {USUAL_DAYS} days from today",
    )
    update.add_argument(
        "--cause",
        metavar="CAUSE",
        help="only the failures that this cause explains: its number as `tokenspec diagnose` "
        "counts, or its id",
    )
    update.add_argument("--warnings", action="store_true", help="also waive broken SHOULDs")
    update.set_defaults(act=act_update)
    prune = acts.add_parser("prune", help="remove stale and unused entries", allow_abbrev=False)
    prune.set_defaults(act=act_prune)
    for act in (update, prune):
        act.add_argument("record", metavar="RECORD", help="the record of the run")
        act.add_argument(
            "--waivers", metavar="FILE", help=f"waiver file; default the run's own, or {USUAL_FILE}"
        )


def act_update(options: argparse.Namespace) -> int:
    """Add an entry for each failure that no entry covers yet.

    Raises:
        UnusableFile: the record or the waiver file is wrong.
        UsageError: the record has no such cause.
    """
    record, path, text, waivers = _opened(options)
    wanted = ("fail", "warn") if options.warnings else ("fail",)
    failing = [finding for finding in record.findings if finding["verdict"] in wanted]
    if options.cause:
        explained = _explained(record, options.cause)
        failing = [finding for finding in failing if finding["key"] in explained]
    fresh = [finding for finding in failing if waivers.of(finding["key"]) is None]
    if fresh:
        day = options.expires or today_in_utc() + timedelta(days=USUAL_DAYS)
        draft = Draft(day, options.reason, options.owner, options.link)
        path.write_text(added(text, fresh, draft), encoding="utf-8")
    print(f"{path}: {len(fresh)} entry(s) added")
    _tell(
        "covered already and failing all the same (expired, or another kind)",
        [finding["key"] for finding in failing if finding not in fresh],
    )
    if fresh and TODO in (options.reason, options.owner):
        print(f"fill in each {TODO}; a run refuses the file until then")
    return ExitCode.CONFORMS


def _explained(record: Record, cause: str) -> frozenset[str]:
    """The cases that a cause explains; it is named by its number or its id."""
    for number, one in enumerate(diagnosed(record).causes, start=1):
        if cause in (str(number), one["id"]):
            return frozenset(one["cases"])
    raise UsageError(f"the record has no cause {cause!r}", "tokenspec diagnose RECORD lists them")


def act_prune(options: argparse.Namespace) -> int:
    """Drop the entries that the run found stale or unused.

    Raises:
        UnusableFile: the record or the waiver file is wrong.
        UsageError: the run had no waivers, so that nothing is known of them.
    """
    record, path, text, waivers = _opened(options)
    if not record.header.get("waivers", {}).get("entries"):
        raise UsageError("the run had no waivers", f"tokenspec run … --waivers {path}")
    problems: Sequence[Mapping[str, Any]] = (record.footer or {}).get("waivers", ())
    ids = {problem["id"] for problem in problems if problem["problem"] in (STALE, UNUSED)}
    gone = [waiver.id for waiver in waivers.entries if waiver.id in ids]
    if gone:
        path.write_text(removed(text, gone), encoding="utf-8")
    print(f"{path}: {len(gone)} entry(s) dropped")
    _tell("dropped", gone)
    return ExitCode.CONFORMS


def _opened(options: argparse.Namespace) -> tuple[Record, Path, str, Waivers]:
    """The record, and the waiver file as it stands; one that is not there yet is empty."""
    record = read_record(Path(options.record))
    named = options.waivers or record.header.get("waivers", {}).get("file") or USUAL_FILE
    path = Path(named)
    if not path.exists() and options.act is act_update:
        return record, path, "", Waivers(str(path))
    text = read_text(path)
    return record, path, text, parse_waivers(text, str(path), unfinished=True)


def _tell(what: str, keys: Collection[str]) -> None:
    if keys:
        print(f"{what}:")
        print("\n".join(f"  {key}" for key in keys))
