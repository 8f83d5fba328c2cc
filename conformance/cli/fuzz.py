"""`tokenspec fuzz`: generated cases, judged by what the oracle does with them."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.fuzz.campaign import Budget, Campaign, Counterexample, Progress
from tokenspec.conformance.fuzz.saving import save
from tokenspec.conformance.fuzz.sharing import shared
from tokenspec.conformance.preflight.exchange import main_exchange, sign_in
from tokenspec.conformance.preflight.opening import Opened, open_target
from tokenspec.conformance.preflight.setup import with_own_session
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.conformance.registry import Registry
from tokenspec.conformance.scenario.loader import load_document
from tokenspec.conformance.scenario.wording import changes_in_words
from tokenspec.conformance.verdicts import Kind, Verdict
from tokenspec.conformance.vocabulary import vocabulary
from tokenspec.reports.words import counted

EVERY = 50  # cases between two lines of progress
EPILOG = """\
examples:
  tokenspec fuzz --seconds 30                        the bundled server, which has to pass
  tokenspec fuzz target.yaml --seconds 300 --save found/
  tokenspec run target.yaml --scenarios found/       what was found, again

exit codes: 0 no MUST found broken, 1 one found broken, 6 the target cannot be used, or is gone
"""


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "fuzz",
        help=VERBS["fuzz"].help,
        description="Generate exchanges, play each on the target and on the reference server, and "
        "report where one grants what the other refuses, each in its smallest form.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("target_file", nargs="?", metavar="TARGET.yaml", help="the target file")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="how long to search; default 60"
    )
    parser.add_argument("--max-requests", type=int, metavar="N", help="at most so many requests")
    parser.add_argument(
        "--seed", type=int, help="repeat the choices of an earlier campaign with this seed"
    )
    parser.add_argument(
        "--rate", type=float, metavar="PER_SECOND", help="at most so many requests a second"
    )
    parser.add_argument(
        "--profile", metavar="NAME", help="profile to judge by; default the target file's"
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="fail when another error code is returned than the oracle's",
    )
    parser.add_argument("--save", metavar="DIR", help="write each finding as a scenario file")
    parser.add_argument(
        "--share",
        metavar="DIR|redis://HOST",
        help="share findings with other campaigns through a folder or a Redis server",
    )
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Run a campaign.

    Raises:
        TargetUnusable: a file is wrong, or the target cannot be used.
    """
    path = Path(options.target_file) if options.target_file else None
    folder = Path(options.save) if options.save else None

    def show(found: Counterexample) -> None:
        print(f"\n{_text(found)}", flush=True)
        if folder:
            print(f"  saved        {save(found, folder)}", flush=True)

    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    opened = open_target(
        path, os.environ, profile=options.profile or "", rate=options.rate, strict=options.strict
    )
    try:
        failed = opened.make_ready()
        profile = opened.setup.profile.name
        issuer = opened.setup.target.issuer
        print(f"tokenspec fuzz against {issuer}, profile {profile}, seed {seed}", flush=True)
        print("".join(f"preflight  {step.told}\n" for step in failed), end="", flush=True)
        budget = Budget(options.seconds, options.max_requests)
        others = shared(options.share, issuer) if options.share else None
        campaign = Campaign(
            opened.setup,
            budget,
            seed=seed,
            tell=_tell,
            on_found=show,
            shared=others,
            lost=lambda: opened.lost,
        )
        progress = campaign.run()
        trouble = _trouble(opened)
    finally:
        opened.close()
    print("\n" + _summary(progress, campaign.seconds))
    if others and (others.trouble or others.passed_over):
        print(
            others.trouble or f"{counted(others.passed_over, 'shared finding')} could not be read"
        )
    if trouble:
        print(f"not established: {trouble}")
    if any(_broken(found, trouble) for found in progress.found):
        return ExitCode.NONCONFORMITIES
    return ExitCode.NOT_ESTABLISHED if trouble else ExitCode.CONFORMS


def _broken(found: Counterexample, trouble: str) -> bool:
    """Whether a finding stands; of a target in trouble that it refused something says nothing."""
    refused = found.divergence.kind in (Kind.REFUSED, Kind.SERVER_ERROR)
    return found.verdict is Verdict.FAIL and not (trouble and refused)


def _trouble(opened: Opened) -> str:
    """Why what was played last says nothing: the target is gone, or grants no valid exchange."""
    if opened.lost:
        return opened.lost
    setup = with_own_session(opened.setup)  # the user signs in anew
    probes = () if setup.target.login.kind == "none" else (sign_in, main_exchange)
    for step in (step for probe in probes for step in probe(setup)):
        if step.ends_it:
            return f"at the end the valid exchange was not granted any more: {step.detail}"
    return ""


def _tell(progress: Progress) -> None:
    if sys.stderr.isatty() and progress.cases % EVERY == 0:
        line = (
            f"{counted(progress.cases, 'case')}, {counted(progress.requests, 'request')}, "
            f"{counted(len(progress.guards), 'guard')}, "
            f"{counted(len(progress.pairs), 'pair')}, {len(progress.found)} found"
        )
        print(f"\r{line}", end="", file=sys.stderr, flush=True)


def _text(found: Counterexample) -> str:
    divergence = found.divergence
    row = Registry.load().get(divergence.requirement)
    case = load_document(found.document, vocabulary(), area="generated").cases[0]
    sent = "; ".join(changes_in_words(case)) or "the valid exchange"
    lines = [
        f"{found.verdict.upper()} ({divergence.kind})  {found.name}  at {divergence.step}",
        f"  requirement  {row.citation} ({row.level}): {row.text}",
        f"  base         {found.document['base']}",
        f"  sent         {sent}",
        f"  oracle       {divergence.expected}",
        f"  got          {divergence.observed}",
        f"  found after  {found.seconds} s, {counted(found.requests, 'request')}",
    ]
    if found.choice:
        lines.append(f"  but          the target itself chose otherwise before: {found.choice}")
    return "\n".join(lines)


def _summary(progress: Progress, seconds: float) -> str:
    sent = f"{counted(progress.cases, 'case')}, {counted(progress.requests, 'request')}"
    played = f"{sent} in {seconds:.0f} s"
    guards = f"{counted(len(progress.guards), 'guard')} of the oracle refused something"
    lines = [
        f"{played}; {counted(len(progress.found), 'finding')}",
        f"{guards}",
        f"{len(progress.pairs)} pairs of requests, {len(progress.outcomes)} different sequences",
    ]
    if progress.unsteady:
        unsteady = counted(len(progress.unsteady), "divergence")
        lines.append(f"{unsteady} did not come again when played once more")
    if progress.unplayable:
        lines.append(f"{counted(progress.unplayable, 'case')} could not be played at the target")
    lines += [
        f"{count:6} divergences are free: {why}" for why, count in progress.free.most_common()
    ]
    return "\n".join(lines)
