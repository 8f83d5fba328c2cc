"""`tokenspec verify`: is a bundle as it was made, and who signed it?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.record.bundle import Verified, verify
from tokenspec.conformance.record.conclusion import ExitCode

EPILOG = """\
examples:
  tokenspec verify evidence.zip
  tokenspec verify evidence.zip --key auditor-public.pem

exit codes: 0 unchanged, 1 changed (it says which files), 4 no bundle, or a wrong key file
"""


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "verify",
        help=VERBS["verify"].help,
        description="Compare every file of a bundle with its manifest, and the manifest with its "
        "signature. Without --key the signature is checked with the key it names itself: that "
        "shows that nothing was changed since, and not who signed.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "bundle", metavar="BUNDLE.zip", help="the bundle, made by 'report --bundle'"
    )
    parser.add_argument("--key", metavar="PUBLIC.pem", help="the key that must have signed it")
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Say what the bundle is of, and what was changed.

    Raises:
        UnusableFile: it is not a bundle, or the key cannot be read.
    """
    found = verify(Path(options.bundle), Path(options.key) if options.key else None)
    if found.changes:
        print(f"CHANGED: {options.bundle}")
        for change in found.changes:
            print(f"  {_shown(change)}")
        return ExitCode.NONCONFORMITIES
    files = found.manifest["files"]
    print(f"unchanged: {options.bundle}, {len(files)} files, {_signed(found)}")
    for name in ("product", "issuer", "profile", "suite", "started", "made_by"):
        print(f"  {name:10} {_shown(str(found.manifest.get(name, '')))}")
    if not found.manifest.get("complete", True):
        print("  note       the run in it is not whole")
    return ExitCode.CONFORMS


def _signed(found: Verified) -> str:
    if found.signature is None:
        return "not signed"
    by = "the given key" if found.signature.known_key else "a key that vouches for itself only"
    return f"signed with {by} ({found.signature.algorithm}, {found.signature.thumbprint})"


def _shown(text: str) -> str:
    """`text` without characters that could steer a terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
