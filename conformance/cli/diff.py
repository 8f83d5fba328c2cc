"""`tokenspec diff`: what changed between two records, and by what."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tokenspec.conformance.cli.report import warn
from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.diagnosis.of_record import diagnosed
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.conformance.record.reading import read_record
from tokenspec.reports.changes import compare
from tokenspec.reports.changes_text import FORMATS

EPILOG = """\
causes: target (the same case was answered otherwise), luck (a race, which does not come out alike
each time), suite (cases added, removed or changed), profile, waivers, tokenspec (another release),
selection (not examined in one of the runs)

exit codes: 0 nothing is worse, 1 a failure is new or a MUST newly could not run, 4 wrong file

examples:
  tokenspec diff yesterday/record.ndjson tokenspec-report/record.ndjson
  tokenspec diff OLD NEW --format markdown >> "$GITHUB_STEP_SUMMARY"
"""


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "diff",
        help=VERBS["diff"].help,
        description="Compare two records case by case and say what made each difference, and which "
        "causes came and went.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("old", metavar="OLD", help="the older record")
    parser.add_argument("new", metavar="NEW", help="the newer record")
    parser.add_argument("--format", choices=tuple(FORMATS), default="text", help="output format")
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Print the comparison.

    Raises:
        UnusableFile: one of the files is not a record.
    """
    old, new = (diagnosed(read_record(Path(path))) for path in (options.old, options.new))
    warn(old)
    warn(new)
    found = compare(old, new)
    print(FORMATS[options.format](found))
    return ExitCode.NONCONFORMITIES if found.worse else ExitCode.CONFORMS
