"""The command as a gate has it: run in a folder of its own, against servers with faults."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from tests.target_files import PUBLIC
from tokenspec.conformance.cli import main
from tokenspec.reference_server import Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running

MUST, SHOULD = "pkce.verifier_matches", "code.replay_revokes"
FAILING = "pkce-verifier-wrong/last-character-changed"
QUICKLY = "limits: {outage: 1}\n"
SELECT = ("--select", "pkce-verifier-wrong", "--select", "code-used-twice")


def serving(*defects: str) -> Iterator[str]:
    with running(lambda issuer: Server(demo_config(issuer), defects=defects)) as issuer:
        yield issuer


class Gate:
    """The command in a folder of its own, and in this process: most of a short run is its start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = ""

    def run(self, issuer: str, *options: str) -> int:
        target = PUBLIC.format(issuer=issuer) + QUICKLY
        (self.folder / "target.yaml").write_text(target, encoding="utf-8")
        return self("run", "target.yaml", *options)

    def __call__(self, *arguments: str) -> int:
        told = io.StringIO()
        with chdir(self.folder), redirect_stdout(told), redirect_stderr(told):
            code = main(list(arguments))
        self.said = told.getvalue()
        return code

    def waive(self, text: str) -> tuple[str, str]:
        rest = "reason: known, owner: me"
        entries = text.replace("…", rest)
        path = self.folder / "waivers.yaml"
        path.write_text(f"format: 1\nwaivers:\n{entries}\n", encoding="utf-8")
        return "--waivers", "waivers.yaml"

    def record(self, folder: str = "tokenspec-report") -> list[dict[str, Any]]:
        path = self.folder / folder / "record.ndjson"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    @property
    def footer(self) -> dict[str, Any]:
        last = self.record()[-1]
        assert last["type"] == "footer"
        return last

    def verdict(self, key: str) -> dict[str, Any]:
        return next(line for line in self.record() if line.get("key") == key)


def verdicts(record: list[dict[str, Any]]) -> dict[str, str]:
    return {line["key"]: line["verdict"] for line in record if line["type"] == "finding"}
