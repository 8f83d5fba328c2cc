"""Every output of three records, read by those whom they are made for.

    python -m tests.readers [--only NAME]

The records are of runs at the reference server as it is, with two faults and with fifty. The
readers are installed by pip, npm and Go, pinned, into a folder that is kept; zsh, fish and Java are
used where the machine has them. Not part of the gate: it takes minutes and the network.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.readers.outputs import made
from tests.readers.programs import READERS, Tools

SOURCE = Path(__file__).parent
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"


def installed() -> Tools:
    """The readers, installed first where they are not yet."""
    pins = [SOURCE / "requirements.txt", SOURCE / "node/package-lock.json"]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in pins)).hexdigest()[:16]
    cache = Path(os.environ.get("TOKENSPEC_PEERS_CACHE") or tempfile.gettempdir())
    folder = cache / f"tokenspec-readers-{digest}"
    tools = Tools(folder / "venv/bin", folder / "node_modules", folder / "bin")
    if not (folder / "whole").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            (folder / name).write_bytes((SOURCE / "node" / name).read_bytes())
        pinned = ["--require-hashes", "-r", str(SOURCE / "requirements.txt")]
        for command in (
            [sys.executable, "-m", "venv", "venv"],
            ["venv/bin/pip", "install", "-q", *pinned],
            ["npm", "ci", "--ignore-scripts", "--silent"],
            ["go", "install", ACTIONLINT],
        ):
            env = os.environ | {"GOBIN": str(tools.go)}
            subprocess.run(command, cwd=folder, check=True, env=env)
        (folder / "whole").touch()
    return tools


def main() -> int:
    """Print what each reader says of each record; 1 if one does not accept something."""
    parser = argparse.ArgumentParser(prog="tests.readers")
    parser.add_argument("--only", metavar="NAME", help="one reader")
    only = parser.parse_args().only
    tools, refused = installed(), 0
    with tempfile.TemporaryDirectory() as name:
        for outputs in made(Path(name)):
            sys.stdout.write(
                f"{outputs.name}: {outputs.findings} findings, {outputs.broken} broken\n"
            )
            for reader, read in READERS.items():
                if only in (None, reader):
                    refused += not _told(reader, read(tools, outputs))
    sys.stdout.write(f"{refused} refusals\n")
    return int(refused > 0)


def _told(reader: str, problem: str | None) -> bool:
    said = "not here" if problem is None else problem or "accepted"
    sys.stdout.write(f"  {reader:28} {said}\n")
    sys.stdout.flush()
    return not problem


if __name__ == "__main__":
    sys.exit(main())
