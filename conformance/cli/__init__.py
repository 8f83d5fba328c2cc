"""The command `tokenspec`: faces of the engine, one module a verb."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn

from tokenspec import __version__
from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.errors import HarnessError, TokenspecError
from tokenspec.conformance.machine.faults import foreseen, told
from tokenspec.conformance.machine.signals import heeded
from tokenspec.conformance.machine.streams import guarded_output, say
from tokenspec.conformance.record.conclusion import ExitCode, exit_code_of

EPILOG = """\
examples:
  tokenspec run                            all scenarios against the bundled server
  tokenspec init https://login.example     write target.yaml for your server
  tokenspec check target.yaml              is everything set up? names what is not
  tokenspec run target.yaml                all scenarios against your server
  tokenspec run target.yaml --select pkce  one area of them
  tokenspec replay record.ndjson           what did not pass, once more
  tokenspec diagnose record.ndjson         the few causes of what it found
  tokenspec report record.ndjson           reports again; also of merged shards

exit codes: 0 conforms, 1 nonconformities, 2 interrupted, 3 fault of tokenspec, 4 wrong usage or
file, 5 nothing selected, 6 not established (target unreachable, login failed, a MUST could not run)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; the return value is the exit code. Whatever happens is said in a sentence."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    with guarded_output() as output, heeded():
        try:
            code = _run(words)
            output.flush()
        except TokenspecError as error:
            return _ended(error)
        except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
            return ExitCode.INTERRUPTED
        except KeyboardInterrupt:
            say("tokenspec: interrupted")
            return ExitCode.INTERRUPTED
        except OSError as error:
            return _ended(foreseen(error) or HarnessError(told(error)))
        except Exception as error:  # noqa: BLE001 - the edge: nothing is beyond it but a traceback
            return _ended(HarnessError(told(error)))
        return code


def _run(words: list[str]) -> int:
    parser = build_parser(words[:1]) if words[:1] and words[0] in VERBS else overview()
    options = parser.parse_args(words)
    code: int = options.act(options)
    return code


def _ended(error: TokenspecError) -> ExitCode:
    say(f"tokenspec: {error}")
    return exit_code_of(error)


class Parser(argparse.ArgumentParser):
    """A command line; one that is wrong ends with the exit code for it."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong."""
        self.print_usage(sys.stderr)
        self.exit(ExitCode.WRONG_USAGE, f"{self.prog}: {message}\n")


def build_parser(wanted: Iterable[str] = VERBS) -> argparse.ArgumentParser:
    """The command line with these verbs; loading all of them takes longer than some of them run."""
    parser, verbs = _without_verbs()
    for verb in wanted:
        module_of(verb).add_to(verbs)
    return parser


def overview() -> argparse.ArgumentParser:
    """The command line for whoever names no verb: it lists them, and loads none."""
    parser, verbs = _without_verbs()
    for name, verb in VERBS.items():
        verbs.add_parser(name, help=verb.help)
    return parser


def _without_verbs() -> tuple[argparse.ArgumentParser, Any]:
    parser = Parser(
        prog="tokenspec",
        description="A conformance harness for OAuth 2.0 token endpoints.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"tokenspec {__version__}")
    return parser, parser.add_subparsers(title="verbs", metavar="VERB", required=True)


def module_of(verb: str) -> ModuleType:
    """The module of a verb, loaded when first asked for."""
    return import_module(f"tokenspec.conformance.cli.{VERBS[verb].module}")
