"""`tokenspec serve`: the reference server over loopback, with defects if wanted."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.reference_server import Server
from tokenspec.reference_server.alterations.defects import DEFECTS
from tokenspec.reference_server.alterations.dialects import Dialect, load_dialect
from tokenspec.reference_server.alterations.liberties import LIBERTIES
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.policies import POLICIES, with_policies
from tokenspec.reference_server.shell import serve_forever

HOST, PORT = "127.0.0.1", 8414


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "serve",
        help=VERBS["serve"].help,
        description="Run the reference server on this machine, to try tokenspec out or to test "
        "clients against a server with a known defect.",
        allow_abbrev=False,
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"port to listen on; default {PORT}")
    parser.add_argument("--dialect", default="rfc", help="dialect to speak: rfc (default) or auth0")
    parser.add_argument(
        "--defect", action="append", default=[], metavar="NAME", help="leave this rule out"
    )
    parser.add_argument(
        "--switch",
        action="append",
        metavar="NAME",
        help="speak only this difference of the dialect",
    )
    parser.add_argument(
        "--policy",
        action="append",
        default=[],
        metavar="NAME",
        help="use the alternative for this policy",
    )
    parser.add_argument(
        "--liberty",
        action="append",
        default=[],
        metavar="NAME",
        help="do this otherwise, as the specifications permit",
    )
    parser.add_argument("--list-liberties", action="store_true", help="list the liberties and exit")
    parser.add_argument("--list-policies", action="store_true", help="list the policies and exit")
    parser.add_argument(
        "--list-switches", action="store_true", help="list the differences of --dialect and exit"
    )
    parser.add_argument("--list-defects", action="store_true", help="list the defects and exit")
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Serve until interrupted.

    Raises:
        UsageError: a defect, liberty, dialect or policy is not known.
    """
    if options.list_switches:
        for name, difference in _dialect(options.dialect).switches.items():
            usual = "" if difference.usual else " (not by default)"
            told = difference.told
            does = f"answered with {told.status} {told.error}" if told else difference.summary
            print(f"{name:34} {does}{usual}; {difference.confidence}: {difference.source}")
        return ExitCode.CONFORMS
    if options.list_policies:
        for name, switch in POLICIES.items():
            print(f"{name:20} {switch.summary}")
        return ExitCode.CONFORMS
    if options.list_defects:
        for name, defect in sorted(DEFECTS.items()):
            print(f"{name:44} {defect.summary}")
        return ExitCode.CONFORMS
    if options.list_liberties:
        for name, liberty in sorted(LIBERTIES.items()):
            print(f"{name:44} {liberty.summary} ({liberty.permitted_by})")
        return ExitCode.CONFORMS
    issuer = f"http://{HOST}:{options.port}"
    try:
        config = with_policies(demo_config(issuer), options.policy)
        switches = tuple(options.switch) if options.switch else None
        config = replace(config, dialect=options.dialect, dialect_switches=switches)
        server = Server(config, defects=options.defect, liberties=options.liberty)
    except ValueError as error:
        raise UsageError(
            str(error), "see 'tokenspec serve --list-defects', --list-liberties and --list-policies"
        ) from error
    print(f"reference server at {issuer}, user alice, password wonderland; Ctrl-C ends it")
    serve_forever(server, HOST, options.port)
    return ExitCode.CONFORMS


def _dialect(name: str) -> Dialect:
    try:
        return load_dialect(name)
    except ValueError as error:
        raise UsageError(str(error)) from error
