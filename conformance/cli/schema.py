"""`tokenspec schema`: the JSON Schema of a file, for editors and other readers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.record.conclusion import ExitCode

FOLDER = Path(__file__).parent.parent / "schema"
VERSION = "-1.schema.json"
EPILOG = """\
examples:
  tokenspec schema target > target-1.schema.json      what `tokenspec init` puts beside target.yaml
  tokenspec schema waivers > waivers-1.schema.json

Editors read it where the file begins with
  # yaml-language-server: $schema=target-1.schema.json
"""


def schema_file(name: str) -> str:
    """The name under which the schema of `name` is published."""
    return f"{name}{VERSION}"


def schema_text(name: str) -> str:
    """The schema of `name`, one of `names()`."""
    return (FOLDER / schema_file(name)).read_text(encoding="utf-8")


def names() -> tuple[str, ...]:
    """What there are schemas of."""
    return tuple(sorted(path.name.removesuffix(VERSION) for path in FOLDER.glob(f"*{VERSION}")))


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "schema",
        help=VERBS["schema"].help,
        description="Print the JSON Schema of target files, waivers, scenarios, records or "
        "comparisons (diff). Editors complete and check by it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("name", choices=names(), help="what the schema is of")
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Print the schema."""
    print(schema_text(options.name), end="")
    return ExitCode.CONFORMS
