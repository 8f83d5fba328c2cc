"""Parts of the suite: shards, the quick selection; and what a seed repeats."""

from __future__ import annotations

from tests.conformance.run.command import FAILING, Gate, verdicts
from tokenspec.conformance.scenario.catalogue import BUNDLED
from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running


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


def test_a_scenario_id_that_is_taken_is_a_wrong_file_however_it_is_met(gate: Gate) -> None:
    bundled = (BUNDLED / "pkce" / "verifier.yaml").read_text(encoding="utf-8")
    (gate.folder / "mine").mkdir()
    (gate.folder / "mine" / "copied.yaml").write_text(bundled, encoding="utf-8")
    assert gate("run", "--scenarios", "mine", "--select", FAILING) == 4
    assert "scenario id 'pkce-verifier-wrong' is used twice" in gate.said
    assert "scenarios/pkce/verifier.yaml:" in gate.said
    assert "mine/copied.yaml:" in gate.said


def test_a_folder_that_is_named_twice_is_no_wrong_file(gate: Gate) -> None:
    assert gate("run", "--scenarios", str(BUNDLED / "pkce"), "--select", FAILING) == 0, gate.said
    assert list(verdicts(gate.record())) == [FAILING]


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
