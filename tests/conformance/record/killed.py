"""Runs ended by kill -9 and taken up again with `--resume`, into the folder they wrote to.

    python -m tests.conformance.record.killed [SEED]

ends a whole run at ten random moments, goes on from each, and prints what it compared: the verdicts
with those of a run that nothing ended, and what had been judged with what is in the record then.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.target_files import PUBLIC
from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running

MOMENTS = 10
RECORD = Path("tokenspec-report", "record.ndjson")
DEFECTS = ("pkce.first_half", "response.no_store")


class Ending(Server):
    """Ends the process that asks, at a token request; counts them."""

    def __init__(self, issuer: str) -> None:
        super().__init__(demo_config(issuer), defects=DEFECTS)
        self.asked = 0
        self.last = 0  # the request that ends it; 0 for none
        self.process: subprocess.Popen[bytes] | None = None

    def handle(self, request: Request) -> Response:
        if "/oauth/token" in request.url:
            self.asked += 1
            if self.asked == self.last and self.process is not None:
                os.kill(self.process.pid, signal.SIGKILL)
        return super().handle(request)


@dataclass(frozen=True)
class Runs:
    """The command in a folder, at a server that can end it."""

    folder: Path
    server: Ending
    options: tuple[str, ...]

    def __call__(self, *more: str, last: int = 0) -> int:
        """The exit code of a run; that of a process that a signal ended is negative."""
        self.server.asked, self.server.last = 0, last
        command = [sys.executable, "-m", "tokenspec", "run", "target.yaml", *self.options, *more]
        with subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            self.server.process = process
            return process.wait(timeout=600)

    def go_on(self, *, last: int = 0) -> int:
        """Take up the run in its own folder."""
        return self("--resume", str(RECORD), last=last)

    def findings(self) -> list[dict[str, Any]]:
        """What the record has up to now; a line cut short is left out."""
        path = self.folder / RECORD
        whole = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        return [line for line in map(json.loads, whole) if line["type"] == "finding"]


@contextmanager
def runs(folder: Path, *options: str) -> Iterator[Runs]:
    """Runs at a server with two faults, one of which every answer shows."""
    servers: list[Ending] = []

    def make(issuer: str) -> Ending:
        servers.append(Ending(issuer))
        return servers[-1]

    with running(make) as issuer:
        (folder / "target.yaml").write_text(PUBLIC.format(issuer=issuer), encoding="utf-8")
        yield Runs(folder, servers[0], options)


def verdicts(findings: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """Verdict and kind of each case."""
    return {line["key"]: (line["verdict"], line["kind"]) for line in findings}


def judged(findings: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What a run goes on from: not what could not run, nor what other answers may change."""
    return {
        line["key"]: line
        for line in findings
        if line["verdict"] != "could-not-run" and "of the run were looked at" not in line["note"]
    }


def twice(findings: list[dict[str, Any]]) -> list[str]:
    """Cases that a record tells more than once."""
    return [key for key, times in Counter(line["key"] for line in findings).items() if times > 1]


def changed(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    """Cases that had been judged, and are not told as they were."""
    now = {line["key"]: line for line in after}
    return [key for key, line in judged(before).items() if now.get(key) != line]


def differing(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> list[str]:
    """Cases with another verdict, or in one of the two alone."""
    first, second = verdicts(one), verdicts(other)
    return sorted(k for k in first.keys() | second.keys() if first.get(k) != second.get(k))


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(seed: int) -> int:
    """End a whole run at ten moments, each time anew, and go on from there."""
    chance, faults = random.Random(seed), 0
    with tempfile.TemporaryDirectory() as name, runs(Path(name), "--seed", "7") as run:
        code = run()
        whole, requests = run.findings(), run.server.asked
        say(f"a whole run: {len(whole)} cases, {requests} token requests, exit {code}")
        for moment in sorted(chance.sample(range(1, requests), MOMENTS)):
            (run.folder / RECORD).unlink()
            ended = run(last=moment)
            kept = run.findings()
            again = run.go_on()
            after = run.findings()
            wrong = [twice(after), changed(kept, after), differing(whole, after)]
            faults += any(map(bool, wrong)) or (ended, again) != (-signal.SIGKILL, code)
            say(
                f"killed at request {moment}: {len(kept)} cases in the record; then exit {again}, "
                f"{run.server.asked} requests; told twice {wrong[0]}, changed {wrong[1]}, other "
                f"verdicts {wrong[2]}"
            )
    say(f"{MOMENTS - faults} of {MOMENTS} as a whole run")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else random.randrange(2**32)))
