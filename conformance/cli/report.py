"""`tokenspec report`: reports again, from one record or from the shards of a run."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.diagnosis.of_record import diagnosed
from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.record.bundle import bundle
from tokenspec.conformance.record.conclusion import ExitCode, tally
from tokenspec.conformance.record.merging import read_records
from tokenspec.conformance.record.reporting import sources_of
from tokenspec.reports.formats import ALL, FORMATS, chosen, write
from tokenspec.reports.record import Record
from tokenspec.reports.summary import Summary
from tokenspec.reports.words import counted

EPILOG = """\
formats:
{formats}
  all        every one of them

examples:
  tokenspec report tokenspec-report/record.ndjson
  tokenspec report shard-*.ndjson --format html,junit --exit-code
  tokenspec report record.ndjson --format markdown && cat tokenspec-report/summary.md
  tokenspec report record.ndjson --bundle evidence.zip --sign key.pem

exit codes: 0 written; with --exit-code that of the run, and 6 where parts of it are missing
"""


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "report",
        help=VERBS["report"].help,
        description="Make reports from the record of a run, or from the records of all its "
        "shards. Records of different targets, suites or profiles are refused.",
        epilog=EPILOG.format(formats=_formats()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "records", nargs="+", metavar="RECORD", help="record.ndjson of a run, or of each shard"
    )
    parser.add_argument(
        "--format",
        action="append",
        metavar="NAMES",
        help=f"report formats, with commas: {', '.join(FORMATS)}, {ALL}; default html",
    )
    parser.add_argument(
        "--report-dir", metavar="DIR", default="tokenspec-report", help="output directory"
    )
    parser.add_argument(
        "--exit-code", action="store_true", help="end with the exit code of the run"
    )
    parser.add_argument(
        "--bundle", metavar="FILE.zip", help="also write an archive of all files with a manifest"
    )
    parser.add_argument(
        "--sign", metavar="KEY.pem", help="sign the manifest of the bundle (detached JWS)"
    )
    parser.add_argument(
        "--waivers", metavar="FILE", help="the waiver file of the run, if it was moved"
    )
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Read, merge, write, say where.

    Raises:
        UsageError: a format is not known, or the records do not belong together.
        UnusableFile: a file is not a record.
    """
    paths = [Path(path) for path in options.records]
    try:
        formats = chosen(options.format or ([] if options.bundle else ["html"]))
    except ValueError as error:
        raise UsageError(str(error)) from error
    if options.sign and not options.bundle:
        raise UsageError("--sign signs a bundle", "add --bundle FILE.zip")
    record = diagnosed(read_records(paths))
    written = write(record, formats, Path(options.report_dir), sources_of(paths))
    if options.bundle:
        written.append(_bundle(options, record, paths))
    summary = Summary.of(record)
    print(f"{record.product}: {summary.headline}. {summary.sentence}")
    for path in written:
        print(f"wrote {path}")
    if "github" in formats and os.environ.get("GITHUB_ACTIONS") == "true":
        print((Path(options.report_dir) / FORMATS["github"].file).read_text("utf-8"), end="")
    warn(record)
    return run_exit_code(record) if options.exit_code else ExitCode.CONFORMS


def _bundle(options: argparse.Namespace, record: Record, paths: list[Path]) -> Path:
    path = Path(options.bundle)
    waivers = options.waivers or (record.header.get("waivers") or {}).get("file", "")
    there = options.waivers or (waivers and Path(waivers).is_file())
    extra = {"waivers.yaml": Path(waivers)} if there else {}
    key = Path(options.sign) if options.sign else None
    content = bundle(record, paths, extra, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def run_exit_code(record: Record) -> int:
    """What the run said by its exit code; a run that is not whole establishes nothing."""
    if record.footer is not None:
        code = int(record.footer["exit_code"])
    else:
        counted = tally(record.findings, record.fail_on)
        counted.faults = len(record.faults)
        code = counted.exit_code
    incomplete = not record.complete or record.unfinished
    return ExitCode.NOT_ESTABLISHED if incomplete and code == ExitCode.CONFORMS else code


def warn(record: Record) -> None:
    """Say on standard error what a record lacks."""
    if record.footer is None:
        print("WARNING: the record has no end: the run was cut off", file=sys.stderr)
    if record.missing_shards:
        print(f"WARNING: shards missing: {', '.join(record.missing_shards)}", file=sys.stderr)
    if record.unfinished:
        print(
            f"WARNING: {counted(len(record.unfinished), 'case')} without a result", file=sys.stderr
        )


def _formats() -> str:
    return "\n".join(f"  {n:10} {f.summary} ({f.file})" for n, f in FORMATS.items())
