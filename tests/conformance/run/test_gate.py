"""What a gate says: the exit code and the files of every way a run can end."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.run.command import FAILING, MUST, SELECT, Gate, verdicts
from tests.target_files import PUBLIC


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


def test_a_race_that_was_withstood_makes_no_waiver_stale(gate: Gate, good: str) -> None:
    waivers = gate.waive("  - {id: code-used-at-once/twelve, …, expires: 2999-01-01}")
    assert gate.run(good, "--select", "code-used-at-once/twelve", *waivers) == 0
    line = gate.verdict("code-used-at-once/twelve")
    assert (line["verdict"], line["races"]) == ("pass", 6)


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


def test_a_cause_is_waived_case_by_case(gate: Gate, must_fails: str) -> None:
    record = "tokenspec-report/record.ndjson"
    assert gate.run(must_fails, *SELECT) == 1
    failing = {key for key, verdict in verdicts(gate.record()).items() if verdict == "fail"}
    assert gate("waivers", "update", record, "--cause", "1", "--reason", "r", "--owner", "o") == 0
    waived = re.findall(
        r"^  - id: (\S+)", (gate.folder / "waivers.yaml").read_text("utf-8"), re.MULTILINE
    )
    assert set(waived) == failing
    assert gate("waivers", "update", record, "--cause", MUST) == 0
    assert "0 entry(s) added" in gate.said
    assert gate("waivers", "update", record, "--cause", "9") == 4
    assert "the record has no cause '9'" in gate.said


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
