"""`tokenspec check`: the preflight step by step, and what the target can do."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from conformance.run.conclusion import ExitCode
from conformance.run.opening import open_target
from conformance.run.preflight import Tick, preflight


def add_to(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "check",
        help="is the target file right? names the setting that is not",
        description="Read the metadata, sign in, make one valid exchange, and list what the "
        "target can do. Exit 0: ready. Exit 6: not, and it says what to mend.",
        allow_abbrev=False,
    )
    parser.add_argument("target_file", nargs="?", metavar="TARGET.yaml", help="the target file")
    parser.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Print every step, then the capabilities."""
    path = Path(options.target_file) if options.target_file else None
    opened = open_target(path, os.environ)
    ready = True
    try:
        print(f"tokenspec check of {opened.setup.target.issuer}\n")
        for tick in preflight(opened.setup):
            print(_tick(tick))
            ready = ready and (tick.good or not tick.required)
        if not ready:
            return ExitCode.NOT_ESTABLISHED
        print("\ncapabilities")
        for name, decision in sorted(opened.setup.decisions.items()):
            print(f"  {'yes' if decision.present else 'no ':4}{name:30}{decision.reason}")
    finally:
        opened.close()
    print(f"\nready: tokenspec run {path or ''}".rstrip())
    return ExitCode.CONFORMS


def _tick(tick: Tick) -> str:
    mark = "ok  " if tick.good else "FAIL" if tick.required else "note"
    lines = [f"  {mark}  {tick.name:14} {tick.detail}"]
    if tick.hint and not tick.good:
        lines.append(f"{'':24}→ {tick.hint}")
    return "\n".join(lines)
