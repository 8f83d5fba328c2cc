"""The pictures of the README: `python -m tests.docs.pictures` makes them from runs made for it.

The target is the bundled server over loopback, with one fault. The terminal becomes an SVG of the
text as it was printed; the audit page is photographed by Chromium. Written to docs/pictures.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

from tests.docs.pages import ROOT
from tests.reports.browser import chromium
from tokenspec.reference_server import Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running

FOLDER = ROOT / "docs" / "pictures"
DEFECT = "code.replay_accepted"
SHOWN = "https://login.example"
TARGET = """\
format: 1
product: {{vendor: Example, name: Login, version: "2026.11"}}
issuer: {issuer}
clients:
  - client_id: tokenspec-public
    redirect_uris: [https://client.example/callback]
login: {{username: alice, password: wonderland}}
scope: openid profile email offline_access
"""
SELECT = ("--select", "pkce", "--select", "code-used-twice/in-turn")
SGR = re.compile(r"\x1b\[([0-9;]*)m")
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#f2cc60", "36": "#79c0ff"}
PLAIN, DIM, GROUND = "#e6edf3", "#8b949e", "#0d1117"
ADVANCE, LEADING, MARGIN, WIDTH = 7.83, 18, 16, 100  # at 13 px; WIDTH in characters
PAGE_SIZE = "1180,900"
MOST_BYTES = 200_000


def main() -> int:
    """Run, draw, photograph."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running(lambda issuer: Server(demo_config(issuer), defects=[DEFECT])) as issuer:
            (folder / "target.yaml").write_text(TARGET.format(issuer=issuer), encoding="utf-8")
            said = _run(folder, *SELECT)
            _run(folder)
        (FOLDER / "run.svg").write_text(svg(said.replace(issuer, SHOWN)), encoding="utf-8")
        page = folder / "tokenspec-report" / "audit.html"
        page.write_text(page.read_text("utf-8").replace(issuer, SHOWN), encoding="utf-8")
        photograph(page, FOLDER / "audit.png")
    for file in sorted(FOLDER.iterdir()):
        sys.stdout.write(f"{file}: {file.stat().st_size} bytes\n")
    return int(any(file.stat().st_size > MOST_BYTES for file in FOLDER.iterdir()))


def _run(folder: Path, *more: str) -> str:
    command = ["run", "target.yaml", "--color", "yes", "--progress", "plain", *more]
    done = subprocess.run(
        [sys.executable, "-m", "tokenspec", *command], cwd=folder, env=dict(os.environ),
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def photograph(page: Path, file: Path) -> None:
    """The upper part of a page as a PNG."""
    chromium(page, f"--screenshot={file}", f"--window-size={PAGE_SIZE}")


def svg(said: str) -> str:
    """What a terminal shows, as SVG. Lines that name a file of this machine are left out."""
    lines = [line for line in said.rstrip().splitlines() if "file://" not in line]
    lines = [f"\x1b[1m$ tokenspec run target.yaml {' '.join(SELECT)}\x1b[0m", *lines]
    width, height = WIDTH * ADVANCE + 2 * MARGIN, len(lines) * LEADING + 2 * MARGIN
    rows = "\n".join(_row(line, number) for number, line in enumerate(lines, 1))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        f'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13">\n'
        f"<title>A run of tokenspec in a terminal</title>\n"
        f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>\n{rows}\n</svg>\n'
    )


def _row(line: str, number: int) -> str:
    spans = "".join(
        f"<tspan{style}>{escape(text, quote=False)}</tspan>" for text, style in _spans(line)
    )
    return (
        f'<text xml:space="preserve" x="{MARGIN}" y="{MARGIN + number * LEADING - 5}" '
        f'fill="{PLAIN}">{spans}</text>'
    )


def _spans(line: str) -> Iterator[tuple[str, str]]:
    """The parts of a line, each with its colour and weight (ECMA-48 §8.3.117)."""
    codes: set[str] = set()
    room = WIDTH
    for position, part in enumerate(SGR.split(line)):
        if position % 2:
            codes = set() if part in ("", "0") else codes | set(part.split(";"))
            continue
        text, room = part[:room], room - len(part[:room])
        if text:
            yield text, _style(codes)


def _style(codes: set[str]) -> str:
    colour = next((COLOURS[code] for code in sorted(codes) if code in COLOURS), "")
    colour = colour or (DIM if "2" in codes else "")
    fill = f' fill="{colour}"' if colour else ""
    return fill + (' font-weight="bold"' if "1" in codes else "")


if __name__ == "__main__":
    raise SystemExit(main())
