"""The command `tokenspec`: faces of the engine, one module a verb."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType, ModuleType

from tokenspec import __version__
from tokenspec.conformance.errors import TokenspecError
from tokenspec.conformance.record.conclusion import ExitCode, exit_code_of

VERBS: Mapping[str, str] = MappingProxyType(
    {
        "run": "run",
        "check": "check",
        "list": "listing",
        "explain": "explain",
        "init": "init",
        "replay": "replay",
        "report": "report",
        "verify": "verify",
        "diff": "diff",
        "waivers": "waivers",
        "fuzz": "fuzz",
        "serve": "serve",
        "selftest": "selftest",
        "completion": "completion",
    }
)  # verb -> its module
EPILOG = """\
examples:
  tokenspec run                            all scenarios against the bundled server
  tokenspec init https://login.example     write target.yaml for your server
  tokenspec check target.yaml              is everything set up? names what is not
  tokenspec run target.yaml                all scenarios against your server
  tokenspec run target.yaml --select pkce  one area of them
  tokenspec replay record.ndjson           what did not pass, once more
  tokenspec report record.ndjson           reports again; also of merged shards

exit codes: 0 conforms, 1 nonconformities, 2 interrupted, 3 fault of tokenspec, 4 wrong usage or
file, 5 nothing selected, 6 not established (target unreachable, login failed, a MUST could not run)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; the return value is the exit code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    wanted = words[:1] if words[:1] and words[0] in VERBS else VERBS
    options = build_parser(wanted).parse_args(words)
    try:
        code: int = options.act(options)
    except TokenspecError as error:
        print(f"tokenspec: {error}", file=sys.stderr)
        return exit_code_of(error)
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        sys.stdout = None
        return ExitCode.INTERRUPTED
    except KeyboardInterrupt:
        print("tokenspec: interrupted", file=sys.stderr)
        return ExitCode.INTERRUPTED
    return code


def build_parser(wanted: Iterable[str] = VERBS) -> argparse.ArgumentParser:
    """The command line with these verbs; loading all of them takes longer than some of them run."""
    parser = argparse.ArgumentParser(
        prog="tokenspec",
        description="A conformance harness for OAuth 2.0 token endpoints.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"tokenspec {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for verb in wanted:
        module_of(verb).add_to(verbs)
    return parser


def module_of(verb: str) -> ModuleType:
    """The module of a verb, loaded when first asked for."""
    return import_module(f"tokenspec.conformance.cli.{VERBS[verb]}")
