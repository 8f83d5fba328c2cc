"""A run that ended early is taken up again: what was judged is kept, the rest is played."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

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
SELECT = ("--select", "pkce", "--select", "code")


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


def test_what_was_judged_is_kept_and_the_rest_is_played(tmp_path: Path, issuer: str) -> None:
    Counting.codes = 0
    code, whole = run(tmp_path, issuer)
    asked = Counting.codes
    record = tmp_path / "report" / "record.ndjson"
    lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
    written = len(lines) * 3 // 4  # what failed is told last
    cut = "".join(lines[:written]) + lines[written][:50]  # in a line
    record.write_text(cut, encoding="utf-8")
    Counting.codes = 0
    again, resumed = run(tmp_path, issuer, "--resume", str(record))
    assert again == code == 1
    assert Counting.codes < asked * 0.9
    told = [{(f["key"], f["verdict"], f["kind"]) for f in r.findings} for r in (whole, resumed)]
    assert told[0] == told[1]
    kept = {
        json.loads(line)["key"]: json.loads(line) for line in lines[:written] if '"finding"' in line
    }
    for finding in resumed.findings:
        if finding["key"] in kept and not finding["note"].endswith("looked at"):
            assert finding == kept[finding["key"]]


def test_a_record_of_something_else_is_refused(
    tmp_path: Path, issuer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, issuer)
    record = tmp_path / "report" / "record.ndjson"
    other = tmp_path / "other.ndjson"
    other.write_text(record.read_text("utf-8").replace(issuer, "https://x.example"), "utf-8")
    assert main(["run", str(tmp_path / "target.yaml"), "--resume", str(other)]) == 4
    assert "it is a record of" in "".join(capsys.readouterr())
