"""`tokenspec run`: the suite through pytest, with its settings and plugins fixed."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tokenspec import __version__
from tokenspec.conformance import plugin
from tokenspec.conformance.cli.verbs import VERBS
from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.machine.folder import claimed
from tokenspec.conformance.machine.streams import lasting_output, say
from tokenspec.conformance.play.randomness import chosen_seed
from tokenspec.conformance.plugin.options import HELP, REPORT_DIR
from tokenspec.conformance.plugin.progress import mode
from tokenspec.conformance.plugin.run import tell_in_a_sentence
from tokenspec.conformance.preflight.opening import Opened, open_target
from tokenspec.conformance.preflight.setup import Setup
from tokenspec.conformance.record.conclusion import ExitCode
from tokenspec.conformance.run.gate import open_gate
from tokenspec.conformance.run.selection import read_shard
from tokenspec.conformance.run.server_process import Wanted, started
from tokenspec.conformance.scenario.catalogue import BUNDLED
from tokenspec.reports.formats import chosen

DONE_HERE = ("target", "start", "wait-for", "wait-seconds")
PAGE = "report.html"
SETTINGS = Path(__file__).parent / "run.ini"
PLUGINS = ("pytest_metadata.plugin", "pytest_html.plugin")
# of pytest's own: what they do around every test nobody sees here; unraisableexception sweeps all
# memory, twice, at the end
UNWANTED = (
    "cacheprovider", "logging", "threadexception", "tmpdir", "unraisableexception", "warnings",
)  # fmt: skip


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "run",
        help=VERBS["run"].help,
        description="Run scenarios against the target of a target file, or against the bundled "
        "server. Writes record.ndjson, audit.html and report.html to the output directory.",
        allow_abbrev=False,
    )
    parser.add_argument("target_file", nargs="?", metavar="TARGET.yaml", help="the target file")
    for name, settings in HELP:
        if name != "target":
            parser.add_argument(f"--{name}", **settings)
    parser.add_argument(
        "--color",
        choices=("auto", "yes", "no"),
        default="auto",
        help="use colours; auto: only on a terminal",
    )
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Open the target, check it, hand over to pytest.

    Raises:
        TargetUnusable: a file is wrong, or the target cannot be used.
    """
    path = Path(options.target_file) if options.target_file else None
    _check(options)
    options.seed = chosen_seed(options.seed, options.shard)
    wanted = Wanted(options.start or "", options.wait_for or "", options.wait_seconds)
    gc.disable()  # until everything is loaded: there is nothing to collect
    try:
        folder = Path(options.report_dir or REPORT_DIR)
        with lasting_output() as output, claimed(folder), started(wanted):
            code = _run(options, path)
    finally:
        gc.enable()
    if output.failed and not output.left:
        say(f"tokenspec: {output.why}; the reports are in {folder}")
        return code or ExitCode.HARNESS_FAULT
    return code


def _check(options: argparse.Namespace) -> None:
    """Refuse what is wrong before anything is started or sent."""
    open_gate(options.waivers, options.baseline)
    if options.shard:
        read_shard(options.shard)
    for folder in options.scenarios or ():
        if not Path(folder).exists():
            raise UsageError(f"--scenarios {folder}: there is no such folder")
    try:
        chosen(options.formats or ())
    except ValueError as error:
        raise UsageError(f"--formats: {error}") from error


def _run(options: argparse.Namespace, path: Path | None) -> int:
    begun = time.perf_counter()
    opened = open_target(
        path,
        os.environ,
        profile=options.profile or "",
        jobs=options.jobs,
        rate=options.rate,
        strict=options.strict,
    )
    try:
        failed = opened.make_ready()
        print(_header(opened.setup, path, time.perf_counter() - begun))
        print("".join(f"preflight     {step.told}\n" for step in failed), end="")
        print(_part(options))
        sys.stdout.flush()
        handover = _Handover(opened)
        return int(pytest.main(_arguments(options, path), plugins=[plugin, handover]))
    finally:
        opened.close()


class _Handover:
    """Gives the opened target to the plugin, so that nobody signs in twice."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Hand the target over before anything is collected."""
        plugin.begin(config).target.hand_over(self.opened)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(
        self, excrepr: Any, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> None:
        """Whatever fails here, and wherever, is told in a sentence."""
        tell_in_a_sentence(excrepr, excinfo)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        """Leave what was loaded to itself: it stays to the end, and is much to look through."""
        gc.freeze()
        gc.enable()


def _arguments(options: argparse.Namespace, path: Path | None) -> list[str]:
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)  # they are meant for the user's own tests
    folder = Path(options.report_dir or REPORT_DIR)
    arguments = ["-c", str(SETTINGS), f"--rootdir={BUNDLED.parent}", "--disable-plugin-autoload"]
    arguments += [word for name in PLUGINS for word in ("-p", name)]
    arguments += ["-q", "-rN", "--no-header", f"--color={options.color}"]
    arguments += [word for name in UNWANTED for word in ("-p", f"no:{name}")]
    arguments += ["--capture=no", "-o", "console_output_style=classic"]  # nothing but ours prints
    arguments += ["--tb=native"]  # a finding tells itself; sources of its error need not be parsed
    arguments += [f"--html={folder / PAGE}", "--self-contained-html"]
    if path is not None:
        arguments.append(f"--oauth-target={path}")
    arguments += _given(options)
    return [*arguments, str(BUNDLED), *(options.scenarios or ())]


def _given(options: argparse.Namespace) -> Iterator[str]:
    """The options as the plugin has them."""
    options.progress = mode(options.progress)
    for name, settings in HELP:
        if name in DONE_HERE:
            continue
        value = getattr(options, name.replace("-", "_"))
        if settings.get("action") == "store_true":
            yield from (f"--oauth-{name}",) if value else ()
        elif settings.get("action") == "append":
            yield from (f"--oauth-{name}={item}" for item in value or ())
        elif value is not None:
            yield f"--oauth-{name}={value}"


def _part(options: argparse.Namespace) -> str:
    parts = (
        ["quick (the few cases that notice most faults)"]
        if options.quick
        else ["everything selected"]
    )
    parts += [f"shard {options.shard}"] if options.shard else []
    return f"part          {', '.join(parts)}; seed {options.seed}"


def _header(setup: Setup, path: Path | None, seconds: float) -> str:
    target = setup.target
    product = " ".join(part for part in (target.product.name, target.product.version) if part)
    shown = f"{target.issuer}{f' ({product})' if product else ''}"
    present = sum(decision.present for decision in setup.decisions.values())
    lines = [
        f"tokenspec {__version__} against {shown}",
        f"target file   {path or 'none: the bundled reference server, in this process'}",
        f"profile       {setup.profile.name} {setup.profile.date}: {setup.profile.title}",
        f"capabilities  {present} of {len(setup.decisions)}; 'tokenspec check' lists them",
        f"preflight     signed in and made one valid exchange in {seconds:.1f} s",
    ]
    if not target.verify_tls:
        lines.append("WARNING       TLS certificates are not verified (verify_tls: false)")
    return "\n".join(lines)
