"""`tokenspec diagnose`: which few causes explain what a run found."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.diagnosis.of_record import diagnosed
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.conformance.record.merging import read_records
from tokenspec.reports.causes import cause_rows, headline

EPILOG = """\
examples:
  tokenspec diagnose tokenspec-report/record.ndjson
  tokenspec diagnose record.ndjson --format json

exit codes: 0 nothing is broken, 1 there are causes, 4 a file is not a record
"""


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "diagnose",
        help=VERBS["diagnose"].help,
        description="Say which few faults explain the findings of a record, the gravest first, "
        "with where to look and what else it may be. docs/diagnosis.md says how that is found.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "records", nargs="+", metavar="RECORD", help="record.ndjson of a run, or of each shard"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default text")
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Read, compare, tell.

    Raises:
        UnusableFile: a file is not a record.
        UsageError: the records do not belong together.
    """
    paths = [Path(path) for path in options.records]
    record = diagnosed(read_records(paths))
    if options.format == "json":
        print(json.dumps({"causes": list(record.causes)}, ensure_ascii=False, indent=1))
    elif record.causes:
        print(headline(record))
        for _name, label, text in cause_rows(record, str(paths[0]), everything=True):
            print(label + text)
    else:
        print("nothing is broken, so that there is no cause to look for")
    return ExitCode.NONCONFORMITIES if record.causes else ExitCode.CONFORMS
