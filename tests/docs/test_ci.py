"""The recipes for CI: their steps are run in the shell that a runner gives them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.pages import ROOT, blocks
from tests.docs.test_commands import TARGET, parses
from tokenspec.reference_server import Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running

DEFECT = "pkce.verifier_matches"
CASE = "pkce-verifier-wrong/last-character-changed"
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
RECIPES = [yaml.safe_load("\n".join(b.lines)) for b in blocks("docs/ci.md") if b.language == "yaml"]


def recipe(key: str) -> dict[str, Any]:
    return next(found for found in RECIPES if key in found)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    def make(issuer: str) -> Server:
        return Server(demo_config(issuer), defects=[DEFECT])

    with running(make) as found:
        yield found


class Runner:
    """A folder in which steps are run, with the variables a runner sets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        tool = folder / "bin" / "tokenspec"
        tool.parent.mkdir()
        command = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m tokenspec "$@"\n'
        tool.write_text(command, encoding="utf-8")
        tool.chmod(0o755)
        path = f"{tool.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        files = {name: str(folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        self.env = {**os.environ, **files, "PATH": path, "TOKENSPEC_PASSWORD": "wonderland"}

    def __call__(self, script: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.folder, env={**self.env, **env}, capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip

    def text(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")


@pytest.fixture
def runner(tmp_path: Path, issuer: str) -> Runner:
    (tmp_path / "target.yaml").write_text(TARGET.format(issuer=issuer), encoding="utf-8")
    return Runner(tmp_path)


def inputs(**given: str) -> dict[str, str]:
    """The variables of the step that runs, from the inputs and their defaults."""
    step = next(s for s in ACTION["runs"]["steps"] if s.get("id") == "run")
    values = {name: told["default"] for name, told in ACTION["inputs"].items()} | given
    return {
        name: values[text.removeprefix("${{ inputs.").removesuffix(" }}")]
        for name, text in step["env"].items()
    }


def script() -> str:
    return str(next(s for s in ACTION["runs"]["steps"] if s.get("id") == "run")["run"])


def test_the_action_fails_its_step_and_tells_where(runner: Runner) -> None:
    done = runner(script(), **inputs(target="target.yaml", arguments=f"--select {CASE}"))
    assert done.returncode == 1, done.stderr
    assert runner.text("GITHUB_OUTPUT") == "exit-code=1\n"
    assert "Does not conform" in runner.text("GITHUB_STEP_SUMMARY")
    lines = done.stdout.splitlines()
    word = next(line for line in lines if line.startswith("::stop-commands::")).rpartition("::")[2]
    inside, _, after = done.stdout.partition(f"::{word}::\n")
    assert CASE in inside
    assert "::error " not in inside  # nothing is a command while the target is told of
    assert after.startswith("::error ")
    assert (runner.folder / "tokenspec-report" / "results.sarif").exists()


def test_the_action_hands_on_what_it_is_given(runner: Runner) -> None:
    entry = f"{{id: {CASE}, reason: known, owner: me, expires: 2999-01-01}}"
    waivers = f"format: 1\nwaivers:\n  - {entry}\n"
    (runner.folder / "waivers.yaml").write_text(waivers, encoding="utf-8")
    given = inputs(
        target="target.yaml", waivers="waivers.yaml", profile="oauth-2.1",
        arguments=f"--select {CASE}", **{"report-dir": "out"},
    )  # fmt: skip
    assert runner(script(), **given).returncode == 0
    assert runner.text("GITHUB_OUTPUT") == "exit-code=0\n"
    given = inputs(target="target.yaml", baseline="out/record.ndjson", arguments=f"--select {CASE}")
    assert runner(script(), **given).returncode == 0  # the failure was there before
    assert runner(script(), **inputs(target="not-there.yaml")).returncode == 4
    assert runner.text("GITHUB_OUTPUT").endswith("exit-code=4\n")


def test_every_input_of_the_action_is_used() -> None:
    used = (ROOT / "action.yml").read_text("utf-8")
    assert all(f"inputs.{name}" in used for name in ACTION["inputs"])
    for job in recipe("jobs")["jobs"].values():
        for step in job["steps"]:
            if "tokenspec@" in step.get("uses", ""):
                assert set(step["with"]) <= set(ACTION["inputs"])
                arguments = step["with"]["arguments"].replace("${{ matrix.shard }}", "1")
                parses(["run", *arguments.split()], "docs/ci.md")


def test_gitlab_shards_merge(runner: Runner) -> None:
    jobs = recipe("variables")
    (shard,) = jobs["shards"]["script"]
    narrow = f"{shard} --select pkce-verifier-wrong --select code-used-twice"
    codes = [runner(narrow, CI_NODE_INDEX=str(n), CI_NODE_TOTAL="2").returncode for n in (1, 2)]
    assert sorted(codes) == [0, 1]
    (merge,) = jobs["conformance"]["script"]
    assert runner(merge).returncode == 1
    assert (runner.folder / jobs["conformance"]["artifacts"]["reports"]["junit"]).exists()


def test_github_shards_merge(runner: Runner) -> None:
    for number in (1, 2):
        select = f"--select pkce-verifier-wrong --select code-used-twice --shard {number}/2"
        runner(script(), **inputs(target="target.yaml", arguments=select,
                                  **{"report-dir": f"shard-{number}"}))  # fmt: skip
    steps = recipe("jobs")["jobs"]["merged"]["steps"]
    merge, summary = (s["run"] for s in steps if "tokenspec-report" in s.get("run", "") or
                      s.get("run", "").startswith("tokenspec"))  # fmt: skip
    assert runner(merge).returncode == 1
    assert runner(summary).returncode == 0
