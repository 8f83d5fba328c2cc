"""Cases of a record again: which, with what, and what is said when they are as they were or not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.target_files import PUBLIC
from tokenspec.conformance.cli import main
from tokenspec.conformance.record.reading import read_record
from tokenspec.conformance.run.replaying import Replayed, chosen
from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running
from tokenspec.reports.record import Record

VERIFIER, LEAK = "pkce.verifier_matches", "error.no_token"
FAILING = "pkce-verifier-wrong/last-character-changed"
RECORD = "tokenspec-report/record.ndjson"
Say = Callable[..., tuple[int, str]]


class Changeable(Server):
    """The bundled server, whose defects can be mended while it runs."""

    def __init__(self, issuer: str) -> None:
        super().__init__(demo_config(issuer))
        self.behind: Server = self
        self.verifiers: list[str] = []

    def become(self, *defects: str) -> None:
        self.behind = Server(demo_config(self.config.issuer), defects=defects)

    def handle(self, request: Request) -> Response:
        self.verifiers += [value for name, value in request.form if name == "code_verifier"]
        return super().handle(request) if self.behind is self else self.behind.handle(request)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Changeable]:
    monkeypatch.chdir(tmp_path)
    made: list[Changeable] = []

    def make(issuer: str) -> Server:
        made.append(Changeable(issuer))
        return made[0]

    with running(make) as issuer:
        Path("target.yaml").write_text(PUBLIC.format(issuer=issuer), encoding="utf-8")
        yield made[0]


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Say:
    def said(*arguments: str) -> tuple[int, str]:
        code = main(arguments)
        told = capfd.readouterr()
        return code, told.out + told.err

    return said


def test_a_failure_that_is_still_there(server: Changeable, say: Say) -> None:
    server.become(VERIFIER)
    code, told = say("run", "target.yaml", "--select", FAILING)
    assert code == 1
    again = f"tokenspec replay {RECORD} {FAILING}"
    assert again in told
    first = server.verifiers[-1]
    code, told = say(*again.split()[1:])
    assert code == 1
    assert f"as before  FAIL (accepted)  {FAILING}" in told
    assert "exchange 1 of 2: authorize" in told
    assert "curl --include --globoff --request POST" in told
    assert "1 of 1 as in the record, 0 otherwise" in told
    assert server.verifiers[-1] == first  # the same seed


def test_what_only_asking_tells_is_asked_again(server: Changeable, say: Say) -> None:
    """The file and the metadata say nothing of nonces."""
    server.become("dpop.any_nonce")
    case = "dpop-nonce/made-up"
    assert say("run", "target.yaml", "--select", case)[0] == 1
    code, told = say("replay", RECORD)
    assert code == 1
    assert f"as before  FAIL (accepted)  {case}" in told


def test_a_failure_that_was_mended(server: Changeable, say: Say) -> None:
    server.become(VERIFIER)
    assert say("run", "target.yaml", "--select", FAILING, "--select", "pkce-s256")[0] == 1
    server.become()
    code, told = say("replay", RECORD)
    assert code == 0
    assert f"CHANGED  PASS  {FAILING}" in told
    assert "was          FAIL (accepted)" in told
    assert "got then     granted: status 200" in told
    assert "cause        target: the same case was answered otherwise" in told
    assert "0 of 1 as in the record, 1 otherwise" in told  # what passed is not played again


def test_what_was_seen_in_answers_of_other_cases_is_played_beside_them(
    server: Changeable, say: Say
) -> None:
    server.become(LEAK)
    assert say("run", "target.yaml", "--select", "error-envelope")[0] == 1
    seen = [f for f in read_record(Path(RECORD)).findings if f["seen_in"]]
    assert seen
    code, told = say("replay", RECORD, seen[0]["key"])
    assert code == 1
    assert re.search(rf"as before  FAIL \([a-z-]+\)  {seen[0]['key']}", told)
    assert "1 of 1 as in the record" in told


def test_a_waived_failure_is_waived_still(server: Changeable, say: Say) -> None:
    entry = f"{{id: {FAILING}, reason: known, owner: me, expires: 2999-01-01}}"
    Path("waivers.yaml").write_text(f"format: 1\nwaivers:\n  - {entry}\n", encoding="utf-8")
    server.become(VERIFIER)
    assert say("run", "target.yaml", "--select", FAILING, "--waivers", "waivers.yaml")[0] == 0
    code, told = say("replay", RECORD)
    assert (code, "recorded as  waived" in told) == (0, True)


def test_nothing_to_play_again(server: Changeable, say: Say) -> None:
    assert say("run", "target.yaml", "--select", FAILING)[0] == 0
    assert say("replay", RECORD) == (
        5,
        "nothing to play again: every case of the record is settled\n",
    )
    assert say("replay", RECORD, FAILING)[0] == 0


def test_the_bundled_server_needs_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, say: Say
) -> None:
    monkeypatch.chdir(tmp_path)
    assert say("run", "--select", FAILING, "--profile", "oauth-2.1")[0] == 0
    code, told = say("replay", RECORD, FAILING)
    assert code == 0
    assert "the bundled server" in told
    assert "profile       oauth-2.1" in told


def test_what_cannot_be_played_again(server: Changeable, say: Say) -> None:
    assert say("run", "target.yaml", "--select", FAILING)[0] == 0
    code, told = say("replay", RECORD, "pkce-verifier-wrnog")
    assert (code, "did you mean 'pkce-verifier-wrong'?" in told) == (4, True)
    assert say("replay", "no-such-record")[0] == 4
    text = Path("target.yaml").read_text("utf-8")
    with another() as issuer:
        Path("target.yaml").write_text(text.replace(server.config.issuer, issuer), encoding="utf-8")
        code, told = say("replay", RECORD, FAILING)
        assert (code, f"target.yaml is of {issuer} now" in told) == (4, True)
        code, told = say("replay", RECORD, FAILING, "--target", "target.yaml")
        assert (code, "note          target issuer: " in told) == (0, True)
    Path("target.yaml").unlink()
    code, told = say("replay", RECORD, FAILING)
    assert (code, "the target file target.yaml of the record is not here" in told) == (4, True)
    lines = [json.loads(line) for line in Path(RECORD).read_text("utf-8").splitlines()]
    lines[-2] |= {"key": "gone/case", "scenario": "gone"}
    Path(RECORD).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    code, told = say("replay", RECORD, "gone")
    assert (code, "gone/case of the record is in no scenario file" in told) == (4, True)


@contextmanager
def another() -> Iterator[str]:
    with running(lambda issuer: Server(demo_config(issuer))) as issuer:
        yield issuer


def finding(key: str, verdict: str, **more: Any) -> dict[str, Any]:
    scenario = key.partition("/")[0]
    return {
        "key": key,
        "scenario": scenario,
        "verdict": verdict,
        "kind": "",
        "level": "MUST",
        **more,
    }


def test_what_is_chosen() -> None:
    verdicts = ("pass", "fail", "warn", "observe", "deviation", "could-not-run", "not-applicable")
    findings = [finding(f"a/{verdict}", verdict) for verdict in verdicts]
    findings += [finding("b/waived", "waived", judged="fail"),
                 finding("b/stale", "stale-waiver", judged="pass")]  # fmt: skip
    record = Record({}, tuple(findings), None)
    open_ = ["a/fail", "a/warn", "a/deviation", "a/could-not-run", "b/waived"]
    assert [line["key"] for line in chosen(record, ())] == open_
    assert [line["key"] for line in chosen(record, ("b",))] == ["b/waived", "b/stale"]


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        ({"verdict": "fail"}, {"verdict": "fail"}, ("fail", False)),
        ({"verdict": "waived", "judged": "fail"}, {"verdict": "fail"}, ("waived", False)),
        ({"verdict": "waived", "judged": "warn"}, {"verdict": "fail"}, ("fail", False)),
        ({"verdict": "fail", "known": True}, {"verdict": "fail"}, ("fail", True)),
        ({"verdict": "warn", "known": True}, {"verdict": "fail"}, ("fail", False)),
        ({"verdict": "fail", "known": True}, {"verdict": "could-not-run"},
         ("could-not-run", False)),
    ],
)  # fmt: skip
def test_what_excused_a_failure_excuses_no_other(
    before: dict[str, Any], after: dict[str, Any], counts: tuple[str, bool]
) -> None:
    one = Replayed(finding("a/b", **before), finding("a/b", **after))
    assert (one.counted["verdict"], one.counted["known"]) == counts
