"""The command as its users meet it: exit codes, and what it says of wrong input."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.run_page import rows_of
from tokenspec.conformance.cli import main
from tokenspec.conformance.run.order import waits
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.reference_server import Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running
from tokenspec.reports.words import case_anchor

TARGET = """\
format: 1
issuer: {issuer}
clients:
  - client_id: {client_id}
    redirect_uris: [{redirect_uri}]
login: {{username: alice, password: {password}}}
scope: openid offline_access
"""


def target_file(folder: Path, issuer: str, **changes: str) -> str:
    values = {
        "client_id": "tokenspec-public",
        "redirect_uri": "https://client.example/callback",
        "password": "wonderland",
    } | changes
    path = folder / "target.yaml"
    path.write_text(TARGET.format(issuer=issuer, **values), encoding="utf-8")
    return str(path)


def tokenspec(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tokenspec", *arguments],
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running(lambda issuer: Server(demo_config(issuer))) as found:
        yield found


def test_the_main_job(tmp_path: Path) -> None:
    done = tokenspec(tmp_path, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "could-not-run" not in done.stdout
    lines = (tmp_path / "tokenspec-report" / "record.ndjson").read_text("utf-8").splitlines()
    findings = [line for line in map(json.loads, lines) if line["type"] == "finding"]
    assert len(findings) > 200
    assert {finding["verdict"] for finding in findings} <= {"pass", "observe", "not-applicable"}
    profiles = {"auth0", "fapi", "oauth21"}  # areas that only a profile of theirs brings in
    left_out = {f["area"] for f in findings if f["verdict"] == "not-applicable"}
    # demanded DPoP, plain, JWT access tokens, a second user, both kinds of refresh tokens: not here
    assert profiles | {"dpop", "pkce", "id_token", "users", "refresh"} <= left_out
    assert len({finding["area"] for finding in findings} - profiles) == 18
    page = (tmp_path / "tokenspec-report" / "report.html").read_text("utf-8")
    assert "Requirement" in page
    assert "nodes.py" not in page  # nobody reads a report for our own files
    rows = rows_of(page)
    assert len(rows) == len(findings)
    assert {row["requirement"] for row in rows} == {  # what the column is sorted by
        escape(finding["citation"]) for finding in findings
    }
    durations = re.findall(r"col-duration[^&]*&#34;&gt;(\d+)", page)
    assert sum(shown != "0" for shown in durations) > len(findings) / 2  # of plays, not of waiting
    told = {f"audit.html#{case_anchor(finding['key'])}" for finding in findings}
    audit = (tmp_path / "tokenspec-report" / "audit.html").read_text("utf-8")
    linked = set(re.findall(r"audit\.html#[\w-]+", page))
    assert linked
    assert linked <= told
    assert all(f'id="{link.partition("#")[2]}"' in audit for link in linked)
    every = {case.key: case for case in whole_suite()}
    linked_to = {f"audit.html#{case_anchor(key)}": case for key, case in every.items()}
    listed = [linked_to[link] for link in dict.fromkeys(re.findall(r"audit\.html#[\w-]+", page))]
    told_as = [(case.every_response, waits(case)) for case in listed]
    assert told_as == sorted(told_as)  # what lets time pass holds up nothing else
    assert len(set(told_as)) > 2


def test_over_the_wire_a_file_of_few_lines_is_enough(tmp_path: Path, issuer: str) -> None:
    path = target_file(tmp_path, issuer)
    assert len(Path(path).read_text("utf-8").splitlines()) <= 15
    done = tokenspec(tmp_path, "run", "--quick", path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "could-not-run" not in done.stdout


def test_a_defect_is_found_and_told_in_full(tmp_path: Path) -> None:
    def make(issuer: str) -> Server:
        return Server(demo_config(issuer), defects=["pkce.verifier_matches"])

    with running(make) as issuer:
        select = ("--select", "pkce-verifier-wrong/last-character-changed")
        done = tokenspec(tmp_path, "run", target_file(tmp_path, issuer), *select)
    assert done.returncode == 1
    for words in (
        "FAIL (accepted)  pkce-verifier-wrong/last-character-changed",
        "RFC 7636 §4.6 (MUST)",
        "token.code_verifier: <valid> with its last 1 character(s) changed",
        "control      token: granted",
        "scenarios/pkce/verifier.yaml:",
        "tokenspec-report/record.ndjson pkce-verifier-wrong/last-character-changed",
    ):
        assert words in done.stdout


@pytest.mark.parametrize(
    ("changes", "told", "setting"),
    [
        ({"client_id": "nobody"}, "error page, status 400", "clients[0].client_id"),
        ({"redirect_uri": "https://client.example/x"}, "error page", "clients[0].redirect_uris"),
        ({"password": "wrong"}, "the login page came back", "login.password"),
    ],
)
def test_a_wrong_setting_is_named(
    tmp_path: Path,
    issuer: str,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, str],
    told: str,
    setting: str,
) -> None:
    path = target_file(tmp_path, issuer, **changes)
    for verb in ("check", "run"):
        assert main([verb, path]) == 6
        said = "".join(capsys.readouterr())
        assert told in said
        assert setting in said


def test_a_target_that_is_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", target_file(tmp_path, "http://127.0.0.1:9")]) == 6
    said = capsys.readouterr().err
    assert "cannot connect to http://127.0.0.1:9" in said
    assert "'issuer'" in said


@contextmanager
def login_page(html: str) -> Iterator[str]:
    """A server with metadata whose authorization endpoint shows `html`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            root = f"http://127.0.0.1:{server.server_address[1]}"
            known = urlsplit(self.path).path == "/.well-known/openid-configuration"
            metadata = {
                "issuer": root,
                "authorization_endpoint": f"{root}/authorize",
                "token_endpoint": f"{root}/token",
            }
            body = json.dumps(metadata).encode() if known else html.encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json" if known else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


FORM = "<form method=post><input name=username><input type=password name=password>{}</form>"


@pytest.mark.parametrize(
    ("html", "told"),
    [
        (FORM.format("<div class=g-recaptcha data-sitekey=x></div>"), "has a captcha"),
        ("<div id=root></div><script src=/app.js></script>", "made by a script"),
        (FORM.format("").replace("<form", "<form action=https://elsewhere.example/"),
         "sends its fields to https://elsewhere.example:443"),
    ],
)  # fmt: skip
def test_a_login_page_that_cannot_be_passed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], html: str, told: str
) -> None:
    with login_page(html) as issuer:
        assert main(["check", target_file(tmp_path, issuer)]) == 6
    said = capsys.readouterr().out
    assert told in said
    assert "→" in said


def test_a_wrong_target_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(target_file(tmp_path, "https://login.example"))
    path.write_text(path.read_text("utf-8").replace("scope:", "scopes:"), "utf-8")
    assert main(["check", str(path)]) == 4
    said = capsys.readouterr().err
    assert f"{path}:7:9: unknown key 'scopes'" in said
    assert "did you mean 'scope'?" in said
    assert f"{path}:6:36: password must not stand in the file" in said


def test_a_wrong_scenario(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "a.yaml").write_text(
        "format: 1\nid: a\ntitle: A\nrequirement: RFC7636-4.6-mismatch_invalid_grant\n"
        "base: code-exchange\nexpect: refused\nvariants:\n"
        "  - {id: one, token: {code: {change_lst: 1}}, tokne: 1}\n"
        "  - {id: two, id: three, token: {code: x}}\n",
        encoding="utf-8",
    )
    done = tokenspec(tmp_path, "run", "--scenarios", str(folder))
    assert done.returncode == 4
    assert "a.yaml:8:42: unknown operator 'change_lst'" in done.stdout
    assert "a.yaml:8:54: unknown key 'tokne'" in done.stdout
    assert "a.yaml:9:15: duplicate key 'id'" in done.stdout


def test_nothing_selected(tmp_path: Path) -> None:
    done = tokenspec(tmp_path, "run", "--select", "pkce-verifier-wrnog")
    assert done.returncode == 5
    assert "did you mean 'pkce-verifier-wrong'?" in done.stdout


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "RFC7636-4.6"]) == 0
    said = capsys.readouterr().out
    assert "pkce-verifier-wrong/last-character-changed" in said
    assert "RFC 7636 §4.6 (MUST)" in said
    assert main(["list", "no-such-thing"]) == 5


def test_init_writes_a_file_that_check_reads(
    tmp_path: Path, issuer: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "target.yaml"
    arguments = ["init", issuer, "--client-id", "tokenspec-public", "--username", "alice"]
    assert main([*arguments, "--output", str(path)]) == 0
    assert len(path.read_text("utf-8").splitlines()) <= 15
    assert main([*arguments, "--output", str(path)]) == 4  # what is there is kept
    monkeypatch.setenv("TOKENSPEC_PASSWORD", "wonderland")
    capsys.readouterr()
    assert main(["check", str(path)]) == 0
    assert "ready: tokenspec run" in capsys.readouterr().out


def test_defects_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--list-defects"]) == 0
    assert "pkce.verifier_matches" in capsys.readouterr().out
    assert main(["serve", "--defect", "pkce.verifier_matchs", "--port", "1"]) == 4
    assert "did you mean 'pkce.verifier_matches'?" in capsys.readouterr().err
