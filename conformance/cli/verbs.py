"""The verbs of the command: the module of each, and what its help says in a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb: its module in this room, and its line in `tokenspec --help`."""

    module: str
    help: str


VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        "run": Verb("run", "run scenarios against a target"),
        "check": Verb("check", "validate the target file and point out wrong settings"),
        "list": Verb("listing", "list scenarios"),
        "explain": Verb(
            "explain", "a requirement, scenario, advisory, defect or verdict in plain words"
        ),
        "init": Verb("init", "write a target file for a server"),
        "replay": Verb("replay", "play cases of a record again and compare the verdicts"),
        "diagnose": Verb("diagnose", "from the findings of a run to their few causes"),
        "report": Verb("report", "make reports from records"),
        "verify": Verb("verify", "check that an evidence bundle is unchanged"),
        "diff": Verb("diff", "what changed between two records"),
        "waivers": Verb("waivers", "update a waiver file from a run"),
        "fuzz": Verb("fuzz", "generated cases, judged by the answers of the reference server"),
        "serve": Verb("serve", "run the reference server"),
        "selftest": Verb(
            "selftest", "does every broken server fail, and every conforming one pass?"
        ),
        "schema": Verb("schema", "the JSON Schema of a file, for editors"),
        "completion": Verb("completion", "completion for bash, zsh or fish"),
    }
)
