"""What a gate says: the exit code and the files of every way a run can end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.target_files import PUBLIC
from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running

MORTAL = Path(__file__).parent / "mortal_server.py"
MUST, SHOULD = "pkce.verifier_matches", "code.replay_revokes"
FAILING = "pkce-verifier-wrong/last-character-changed"
SELECT = ("--select", "pkce-verifier-wrong", "--select", "code-used-twice")


def serving(*defects: str) -> Iterator[str]:
    with running(lambda issuer: Server(demo_config(issuer), defects=defects)) as issuer:
        yield issuer


@pytest.fixture(scope="module")
def good() -> Iterator[str]:
    yield from serving()


@pytest.fixture(scope="module")
def must_fails() -> Iterator[str]:
    yield from serving(MUST)


@pytest.fixture(scope="module")
def should_fails() -> Iterator[str]:
    yield from serving(SHOULD)


class Gate:
    """The command in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = ""

    def run(self, issuer: str, *options: str) -> int:
        (self.folder / "target.yaml").write_text(PUBLIC.format(issuer=issuer), encoding="utf-8")
        return self("run", "target.yaml", *options)

    def __call__(self, *arguments: str) -> int:
        done = subprocess.run(
            [sys.executable, "-m", "tokenspec", *arguments],
            cwd=self.folder,
            env={**os.environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        self.said = done.stdout + done.stderr
        return done.returncode

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


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


def test_all_pass(gate: Gate, good: str) -> None:
    assert gate.run(good, *SELECT) == 0
    assert gate.footer["exit_code"] == 0
    assert (gate.folder / "tokenspec-report" / "report.html").exists()


def test_one_must_fails(gate: Gate, must_fails: str) -> None:
    assert gate.run(must_fails, "--select", FAILING) == 1
    assert gate.footer["counts"] == {"fail": 1}
    assert gate.footer["exit_code"] == 1


@pytest.mark.parametrize(("fail_on", "code"), [("must", 0), ("should", 1), ("never", 0)])
def test_only_a_should_fails(gate: Gate, should_fails: str, fail_on: str, code: int) -> None:
    assert gate.run(should_fails, "--select", "code-used-twice", "--fail-on", fail_on) == code
    assert gate.footer["counts"]["warn"] >= 1
    assert "fail" not in gate.footer["counts"]


def test_a_waived_failure(gate: Gate, must_fails: str) -> None:
    waivers = gate.waive("  - {id: pkce-verifier-wrong, kind: accepted, …, expires: 2999-01-01}")
    assert gate.run(must_fails, *SELECT, *waivers) == 0
    line = gate.verdict(FAILING)
    assert (line["verdict"], line["judged"], line["kind"]) == ("waived", "fail", "accepted")
    assert line["waiver"]["owner"] == "me"
    assert gate.footer["waivers"] == []
    assert "1 waiver(s) match" in gate.said


def test_a_waiver_of_another_kind_excuses_nothing(gate: Gate, must_fails: str) -> None:
    waivers = gate.waive(f"  - {{id: {FAILING}, kind: wrong-error, …, expires: 2999-01-01}}")
    assert gate.run(must_fails, "--select", FAILING, *waivers) == 1
    assert "excuses 'wrong-error' only" in gate.said


def test_an_expired_waiver(gate: Gate, must_fails: str) -> None:
    waivers = gate.waive(f"  - {{id: {FAILING}, …, expires: 2026-01-01}}")
    assert gate.run(must_fails, "--select", FAILING, *waivers) == 1
    assert gate.verdict(FAILING)["verdict"] == "fail"
    assert "waivers.yaml:3: expired: " in gate.said


def test_an_expired_waiver_fails_a_run_in_which_all_pass(gate: Gate, good: str) -> None:
    waivers = gate.waive(f"  - {{id: {FAILING}, …, expires: 2026-01-01}}")
    assert gate.run(good, "--select", FAILING, *waivers) == 1
    assert gate.footer["counts"] == {"pass": 1}
    assert gate.footer["waivers"][0]["problem"] == "expired"


def test_a_stale_waiver(gate: Gate, good: str) -> None:
    waivers = gate.waive(f"  - {{id: {FAILING}, …, expires: 2999-01-01}}")
    assert gate.run(good, *SELECT, *waivers) == 1
    assert gate.footer["counts"]["stale-waiver"] == 1
    assert "waivers.yaml:3: stale: " in gate.said


def test_an_unused_waiver(gate: Gate, good: str) -> None:
    waivers = gate.waive("  - {id: no-such-scenario, …, expires: 2999-01-01}")
    assert gate.run(good, "--select", FAILING, *waivers) == 1
    assert "waivers.yaml:3: unused: " in gate.said


def test_a_waiver_of_a_case_that_was_left_out_is_not_stale(gate: Gate, good: str) -> None:
    waivers = gate.waive("  - {id: code-used-twice, …, expires: 2999-01-01}")
    assert gate.run(good, "--select", FAILING, *waivers) == 0
    assert gate.footer["waivers"] == []


def test_never_means_never(gate: Gate, must_fails: str) -> None:
    waivers = gate.waive("  - {id: no-such-scenario, …, expires: 2999-01-01}")
    assert gate.run(must_fails, "--select", FAILING, *waivers, "--fail-on", "never") == 0


def test_the_baseline_holds_what_was_there_before(
    gate: Gate, good: str, must_fails: str, should_fails: str
) -> None:
    assert gate.run(must_fails, *SELECT, "--report-dir", "old") == 1
    baseline = ("--baseline", "old/record.ndjson")
    assert gate.run(must_fails, *SELECT, *baseline) == 0
    assert gate.verdict(FAILING)["known"] is True
    assert gate.verdict(FAILING)["verdict"] == "fail"  # it is still true
    assert gate.run(good, *SELECT, *baseline) == 0
    assert gate.run(should_fails, *SELECT, *baseline) == 0
    assert gate.run(should_fails, *SELECT, *baseline, "--fail-on", "should") == 1


def test_the_baseline_lets_no_regression_through(gate: Gate, good: str, must_fails: str) -> None:
    assert gate.run(good, *SELECT, "--report-dir", "old") == 0
    assert gate.run(must_fails, *SELECT, "--baseline", "old/record.ndjson") == 1
    assert gate.verdict(FAILING)["known"] is False
    assert gate("diff", "old/record.ndjson", "tokenspec-report/record.ndjson") == 1
    assert "by target: the same case was answered otherwise" in gate.said
    assert gate("diff", "tokenspec-report/record.ndjson", "old/record.ndjson") == 0
    assert gate("diff", "old/record.ndjson", "old/record.ndjson", "--format", "json") == 0
    assert json.loads(gate.said)["changes"] == []


def test_a_target_that_is_down(gate: Gate) -> None:
    assert gate.run("http://127.0.0.1:9") == 6
    assert "cannot connect" in gate.said


def test_nothing_selected(gate: Gate, good: str) -> None:
    assert gate.run(good, "--select", "no-such-thing") == 5


@pytest.mark.parametrize(
    ("option", "content", "told"),
    [
        ("--waivers", "format: 1\nwaivers:\n  - id: a\n", "bad:3:5: missing key 'reason'"),
        ("--waivers", "", "bad:1:1: a waiver file holds exactly one document"),
        ("--baseline", "{}\n", "bad:1:1: not a line of a record"),
        ("--baseline", "format: 1\n", "bad:1:1: damaged line"),
    ],
)
def test_a_wrong_file(gate: Gate, good: str, option: str, content: str, told: str) -> None:
    (gate.folder / "bad").write_text(content, encoding="utf-8")
    assert gate.run(good, option, "bad") == 4
    assert told in gate.said
    assert gate.run(good, option, "not-there") == 4
    assert "cannot be read" in gate.said
    assert not (gate.folder / "tokenspec-report").exists()


def test_a_waiver_file_is_kept_up_to_date(gate: Gate, good: str, must_fails: str) -> None:
    record = "tokenspec-report/record.ndjson"
    assert gate.run(must_fails, *SELECT) == 1
    assert gate("waivers", "update", record) == 0
    assert gate.run(must_fails, *SELECT, "--waivers", "waivers.yaml") == 4
    assert "reason is still 'TODO'" in gate.said
    path = gate.folder / "waivers.yaml"
    path.write_text(path.read_text("utf-8").replace("TODO", "'known; see AUTH-5'"), "utf-8")
    assert gate.run(must_fails, *SELECT, "--waivers", "waivers.yaml") == 0
    assert gate.run(good, *SELECT, "--waivers", "waivers.yaml") == 1
    assert gate("waivers", "prune", record) == 0
    assert gate.run(good, *SELECT, "--waivers", "waivers.yaml") == 0


def test_people_who_live_in_pytest_have_the_same_gate(gate: Gate, must_fails: str) -> None:
    waivers = gate.waive(f"  - {{id: {FAILING}, …, expires: 2999-01-01}}")
    (gate.folder / "target.yaml").write_text(PUBLIC.format(issuer=must_fails), encoding="utf-8")
    scenarios = Path(__file__).parents[3] / "scenarios" / "pkce" / "verifier.yaml"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rx", "--oauth-target", "target.yaml", "--oauth-select",
         FAILING, "--oauth-waivers", waivers[1], "--junit-xml", "junit.xml", str(scenarios)],
        cwd=gate.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 waived" in done.stdout
    assert 'type="pytest.xfail"' in (gate.folder / "junit.xml").read_text("utf-8")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def mortal(gate: Gate, lives: int) -> tuple[str, tuple[str, ...]]:
    """A server that ends at so many token requests, and the options that start it."""
    port = free_port()
    command = f"{sys.executable} {MORTAL} {port} {lives}"
    url = f"http://127.0.0.1:{port}"
    return url, ("--start", command, "--wait-for", f"{url}/.well-known/openid-configuration")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or ") Z " not in state.read_text("utf-8")


def test_the_vendors_server_is_started_and_ended_with_its_children(gate: Gate) -> None:
    issuer, start = mortal(gate, 0)
    assert gate.run(issuer, "--select", FAILING, *start) == 0, gate.said
    pid = int((gate.folder / "child").read_text("utf-8"))
    assert not alive(pid)


def test_a_server_that_does_not_start(gate: Gate) -> None:
    issuer, start = mortal(gate, -1)
    assert gate.run(issuer, *start, "--wait-seconds", "30") == 6
    assert "before it was healthy" in gate.said
    assert "no database" in gate.said
    assert gate.run(issuer, "--start", "sleep 60", "--wait-for", issuer, "--wait-seconds", "1") == 6
    assert "was not healthy within 1 s" in gate.said
    assert gate.run(issuer, "--start", "true") == 4


def test_a_target_that_dies_half_way(gate: Gate) -> None:
    issuer, start = mortal(gate, 600)
    assert gate.run(issuer, *start) == 6
    footer = gate.footer
    assert (footer["ended"], footer["exit_code"]) == ("target-lost", 6)
    assert footer["counts"]["pass"] > 10
    assert footer["left"] > 100
    assert set(footer["counts"]) <= {"pass", "observe", "could-not-run", "not-applicable"}
    assert "the target stopped answering" in gate.said
    assert "out of memory" in gate.said
    assert "\x1b[2J" not in gate.said
    assert (gate.folder / "tokenspec-report" / "report.html").exists()


class Interrupting(Server):
    """Sends a signal to the process under test at its fiftieth token request."""

    def __init__(self, issuer: str, how: int) -> None:
        super().__init__(demo_config(issuer))
        self.how = how
        self.asked = count(1)
        self.pid: Future[int] = Future()

    def handle(self, request: Request) -> Response:
        if "/oauth/token" in request.url and next(self.asked) == 50:
            os.kill(self.pid.result(timeout=60), self.how)
        return super().handle(request)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_it_found(gate: Gate, how: int) -> None:
    servers: list[Interrupting] = []

    def make(issuer: str) -> Server:
        servers.append(Interrupting(issuer, how))
        return servers[0]

    with running(make) as issuer:
        (gate.folder / "target.yaml").write_text(PUBLIC.format(issuer=issuer), encoding="utf-8")
        with subprocess.Popen(
            [sys.executable, "-m", "tokenspec", "run", "target.yaml"],
            cwd=gate.folder,
            stdout=subprocess.DEVNULL,
        ) as process:
            servers[0].pid.set_result(process.pid)
            assert process.wait(timeout=60) == 2
    footer = gate.footer
    assert (footer["ended"], footer["exit_code"]) == ("interrupted", 2)
    assert footer["left"] > 0
    assert sum(footer["counts"].values()) == len(verdicts(gate.record()))
    assert (gate.folder / "tokenspec-report" / "report.html").exists()


def verdicts(record: list[dict[str, Any]]) -> dict[str, str]:
    return {line["key"]: line["verdict"] for line in record if line["type"] == "finding"}


def test_three_shards_are_one_run(gate: Gate) -> None:
    assert gate("run") == 0
    whole = verdicts(gate.record())
    parts = []
    for number in (1, 2, 3):
        assert gate("run", "--shard", f"{number}/3", "--report-dir", f"s{number}") == 0
        parts.append(verdicts(gate.record(f"s{number}")))
    assert parts[0] | parts[1] | parts[2] == whole
    in_each = set(parts[0]) & set(parts[1]) & set(parts[2])
    assert sum(map(len, parts)) == len(whole) + 2 * len(in_each)
    assert in_each == (set(parts[0]) & set(parts[1])) | (set(parts[1]) & set(parts[2]))


def test_a_shard_with_nothing_to_do_is_no_failure(gate: Gate) -> None:
    assert gate("run", "--select", FAILING, "--shard", "2/2") == 0
    assert [line["type"] for line in gate.record()] == ["header", "coverage", "footer"]
    assert gate("run", "--select", "no-such-thing", "--shard", "2/2") == 5
    for wrong in ("3/2", "0/2", "x", "1"):
        assert gate("run", "--shard", wrong) == 4


def test_the_quick_selection_has_every_must(gate: Gate) -> None:
    assert gate("run") == 0
    whole = [line for line in gate.record() if line["type"] == "finding"]
    assert gate("run", "--quick") == 0
    quick = [line for line in gate.record() if line["type"] == "finding"]
    musts = {line["requirement"] for line in whole if line["level"].startswith("MUST")}
    assert {line["requirement"] for line in quick} == musts
    assert len(quick) == len(musts)


def test_the_seed_is_said_and_gives_the_same_verifiers_again(gate: Gate) -> None:
    class Listening(Server):
        def handle(self, request: Request) -> Response:
            heard.extend(dict(request.form).get(name, "") for name in ("code_verifier", "code"))
            return super().handle(request)

    heard: list[str] = []
    told = []
    with running(lambda issuer: Listening(demo_config(issuer))) as issuer:
        for seed in ("7", "7", "8"):
            heard.clear()
            assert gate.run(issuer, "--select", FAILING, "--seed", seed, "--jobs", "1") == 0
            assert gate.record()[0]["seed"] == int(seed)
            assert f"seed {seed}" in gate.said
            told.append((heard[-2], heard[-1]))
    assert told[0][0] == told[1][0] != told[2][0]
    assert told[0][1] != told[1][1]
