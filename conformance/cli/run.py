"""`tokenspec run`: the suite through pytest, with its settings and plugins fixed."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from conformance import __version__, plugin
from conformance.errors import UsageError
from conformance.plugin.options import BUNDLED, HELP
from conformance.plugin.progress import mode
from conformance.run.gate import open_gate
from conformance.run.opening import Opened, open_target
from conformance.run.preflight import require_usable
from conformance.run.setup import Setup
from reports.formats import chosen

PAGE = "report.html"
SETTINGS = Path(__file__).parent / "run.ini"
PLUGINS = ("pytest_metadata.plugin", "pytest_html.plugin")


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "run",
        help="run scenarios against a target",
        description="Run scenarios against the target of a target file, or against the bundled "
        "server. Writes record.ndjson, audit.html and report.html to the report folder.",
        allow_abbrev=False,
    )
    parser.add_argument("target_file", nargs="?", metavar="TARGET.yaml", help="the target file")
    for name, settings in HELP:
        if name != "target":
            parser.add_argument(f"--{name}", **settings)
    parser.add_argument("--color", choices=("auto", "yes", "no"), default="auto")
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Open the target, check it, hand over to pytest.

    Raises:
        TargetUnusable: a file is wrong, or the target cannot be used.
    """
    path = Path(options.target_file) if options.target_file else None
    open_gate(options.waivers, options.baseline)
    for folder in options.scenarios or ():
        if not Path(folder).exists():
            raise UsageError(f"--scenarios {folder}: there is no such folder")
    try:
        chosen(options.formats or ())
    except ValueError as error:
        raise UsageError(f"--formats: {error}") from error
    started = time.perf_counter()
    opened = open_target(
        path,
        os.environ,
        profile=options.profile or "",
        jobs=options.jobs,
        rate=options.rate,
        strict=options.strict,
    )
    try:
        require_usable(opened.setup)
        print(_header(opened.setup, path, time.perf_counter() - started))
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
        plugin.begin(config).hand_over(self.opened)


def _arguments(options: argparse.Namespace, path: Path | None) -> list[str]:
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)  # they are meant for the user's own tests
    folder = Path(options.report_dir or "tokenspec-report")
    arguments = ["-c", str(SETTINGS), f"--rootdir={BUNDLED.parent}", "--disable-plugin-autoload"]
    arguments += [word for name in PLUGINS for word in ("-p", name)]
    arguments += ["-q", "-rN", "--no-header", "-p", "no:cacheprovider", f"--color={options.color}"]
    arguments += ["--capture=no", "-o", "console_output_style=classic"]  # nothing but ours prints
    arguments += [f"--html={folder / PAGE}", "--self-contained-html"]
    if path is not None:
        arguments.append(f"--oauth-target={path}")
    arguments += [f"--oauth-{name}={value}" for name, value in _given(options)]
    if options.strict:
        arguments.append("--oauth-strict")
    return [*arguments, str(BUNDLED), *(options.scenarios or ())]


def _given(options: argparse.Namespace) -> list[tuple[str, str]]:
    single = [("fail-on", options.fail_on), ("report-dir", options.report_dir)]
    single += [("profile", options.profile), ("waivers", options.waivers)]
    single += [("baseline", options.baseline), ("progress", mode(options.progress))]
    single += [("resume", options.resume)]
    many = [("select", word) for word in options.select or ()]
    many += [("formats", word) for word in options.formats or ()]
    many += [("scenarios", folder) for folder in options.scenarios or ()]
    return [(name, str(value)) for name, value in (*single, *many) if value]


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
