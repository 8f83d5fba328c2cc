"""Parts of the suite: shards, the quick selection; and what a seed repeats."""

from __future__ import annotations

import pytest

from tests.conformance.run.command import FAILING, Gate, verdicts
from tokenspec.conformance.run import selection
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.catalogue import BUNDLED
from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Gate:
    """The quick selection, run at the bundled server."""
    gate = Gate(tmp_path_factory.mktemp("quick"))
    assert gate("run", "--quick") == 0, gate.said
    return gate


def test_three_shards_are_one_run(gate: Gate, quick: Gate) -> None:
    whole = verdicts(quick.record())
    parts = []
    for number in (1, 2, 3):
        shard = ("--shard", f"{number}/3", "--report-dir", f"s{number}")
        assert gate("run", "--quick", *shard) == 0, gate.said
        parts.append(verdicts(gate.record(f"s{number}")))
    assert parts[0] | parts[1] | parts[2] == whole
    in_each = set(parts[0]) & set(parts[1]) & set(parts[2])
    assert in_each
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


def test_the_quick_selection_is_the_list_and_what_is_not_of_the_suite(gate: Gate) -> None:
    bundled = (BUNDLED / "pkce" / "verifier.yaml").read_text(encoding="utf-8")
    (gate.folder / "mine").mkdir()
    own = bundled.split("---", maxsplit=1)[0].replace("id: pkce-verifier-wrong", "id: my-own")
    (gate.folder / "mine" / "own.yaml").write_text(own, encoding="utf-8")
    words = ("--select", "pkce", "--select", "my-own")
    assert gate("run", "--quick", "--scenarios", "mine", *words) == 0, gate.said
    played = set(verdicts(gate.record()))
    assert {
        key for key in selection.quick_list() if key.startswith("pkce-verifier-wrong/")
    } <= played
    assert {key for key in played if not key.startswith("my-own/")} <= selection.quick_list()
    assert "my-own/last-character-changed" in played


def test_what_does_not_apply_has_another_case_of_its_requirement_in_its_place() -> None:
    cases = [case for case in whole_suite() if case.scenario == "pkce-verifier-wrong"]
    first, second, *_ = cases
    assert selection.quick(cases, {first.key}, lambda case: case is not first) == [second]
    assert selection.quick(cases, {first.key}, lambda _case: False) == [first]


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
