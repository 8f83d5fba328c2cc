"""A run that ended early is taken up again: what was judged is kept, the rest is played."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tokenspec.conformance.cli import main
from tokenspec.conformance.record.reading import read_record
from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running
from tokenspec.reports.record import Record

TARGET = """\
format: 1
issuer: {issuer}
clients:
  - {{client_id: tokenspec-public, redirect_uris: ["https://client.example/callback"]}}
login: {{username: alice, password: wonderland}}
scope: openid offline_access
"""
SELECT = ("--select", "pkce-verifier-wrong", "--select", "code")


class Counting(Server):
    """Counts the codes it was asked for."""

    codes = 0

    def handle(self, request: Request) -> Response:
        answer = super().handle(request)
        Counting.codes += "code=" in dict(answer.headers).get("Location", "")
        return answer


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running(lambda issuer: Counting(demo_config(issuer), defects=["pkce.first_half"])) as url:
        yield url


def run(folder: Path, issuer: str, *more: str) -> tuple[int, Record]:
    path = folder / "target.yaml"
    path.write_text(TARGET.format(issuer=issuer), encoding="utf-8")
    report = folder / "report"
    code = main(["run", str(path), *SELECT, "--report-dir", str(report), *more])
    return code, read_record(report / "record.ndjson")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, issuer: str) -> tuple[Path, Record]:
    """The file and the content of the record of a whole run, which the server does not pass."""
    folder = tmp_path_factory.mktemp("whole")
    code, record = run(folder, issuer)
    assert code == 1
    return folder / "report" / "record.ndjson", record


def kept_of(lines: Iterable[str]) -> dict[str, dict[str, Any]]:
    told = map(json.loads, lines)
    return {line["key"]: line for line in told if line["type"] == "finding"}


def test_what_was_judged_is_kept_and_the_rest_is_played(
    tmp_path: Path, issuer: str, whole: tuple[Path, Record]
) -> None:
    lines = whole[0].read_text(encoding="utf-8").splitlines(keepends=True)
    written = len(lines) * 3 // 4  # what failed is told last
    record = tmp_path / "record.ndjson"
    record.write_text("".join(lines[:written]) + lines[written][:50], "utf-8")  # cut in a line
    again, resumed = run(tmp_path, issuer, "--resume", str(record))
    assert again == 1
    told = [{(f["key"], f["verdict"], f["kind"]) for f in r.findings} for r in (whole[1], resumed)]
    assert told[0] == told[1]
    kept = kept_of(lines[:written])
    assert kept.keys() < kept_of(lines).keys()
    for finding in resumed.findings:
        if finding["key"] in kept and not finding["note"].endswith("looked at"):
            assert finding == kept[finding["key"]]


def test_nothing_is_played_where_everything_was_judged(
    tmp_path: Path, issuer: str, whole: tuple[Path, Record]
) -> None:
    """The preflight asks for codes too, but for fewer than there are cases."""
    Counting.codes = 0
    code, resumed = run(tmp_path, issuer, "--resume", str(whole[0]))
    assert code == 1
    assert Counting.codes < len(resumed.findings)
    assert {f["key"] for f in resumed.findings} == {f["key"] for f in whole[1].findings}


def test_a_record_of_something_else_is_refused(
    tmp_path: Path, issuer: str, whole: tuple[Path, Record], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "target.yaml").write_text(TARGET.format(issuer=issuer), encoding="utf-8")
    other = tmp_path / "other.ndjson"
    other.write_text(whole[0].read_text("utf-8").replace(issuer, "https://x.example"), "utf-8")
    assert main(["run", str(tmp_path / "target.yaml"), "--resume", str(other)]) == 4
    assert "it is a record of" in "".join(capsys.readouterr())
