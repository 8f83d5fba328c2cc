"""What a hostile server sends is shown and cannot act: not in a page, not in a terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from tests.run_page import texts_of
from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running

SCRIPT = "</script><img src=x onerror=alert(1)>"
TARGET = """\
format: 1
issuer: {issuer}
clients:
  - {{client_id: tokenspec-public, redirect_uris: ["https://client.example/callback"]}}
login: {{username: alice, password: wonderland}}
"""


class Hostile(Server):
    """Answers token requests with markup wherever a server can put text."""

    def handle(self, request: Request) -> Response:
        answer = super().handle(request)
        if "/oauth/token" not in request.url:
            return answer
        body = json.loads(answer.body) | {
            "error_description": SCRIPT,
            SCRIPT: SCRIPT,
            "scope": SCRIPT,
            "bell": "\x1b[2J\x07",
        }
        if "error" in body:
            body["error"] = f"\x1b[2J\x07{SCRIPT}"
        headers = (*answer.headers, ("X-Markup", SCRIPT))
        return replace(answer, body=json.dumps(body).encode(), headers=headers)


def test_nothing_a_server_sends_becomes_markup_or_a_control_sequence(tmp_path: Path) -> None:
    path = tmp_path / "target.yaml"
    with running(lambda issuer: Hostile(demo_config(issuer))) as issuer:
        path.write_text(TARGET.format(issuer=issuer), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "tokenspec", "run", str(path), "--select", "code",
             "--select", "response"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )  # fmt: skip
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert "\x1b[2J" not in done.stdout
    assert "\x07" not in done.stdout
    page = (tmp_path / "tokenspec-report" / "report.html").read_text(encoding="utf-8")
    shown = texts_of(page)
    assert any("onerror=alert" in text for text in shown)  # it is shown,
    assert not any("<img" in text or "</script" in text for text in shown)  # as text
    assert page.count("<img src=x") == 0
