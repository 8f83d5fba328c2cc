"""No secret, code, token, cookie, assertion or private key of a run is in anything it wrote."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import yaml
from cryptography.hazmat.primitives import serialization

from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config, demo_private_key
from tokenspec.reference_server.shell import running

SENT = ("code", "code_verifier", "refresh_token", "client_secret", "client_assertion", "token",
        "password")  # fmt: skip
RECEIVED = ("access_token", "refresh_token", "id_token")
SHORTEST = 12  # shorter values are made up by scenarios and mean nothing
CLAIMED_BY_A_SCENARIO = re.compile(
    r"(Bearer )?[a-z' =.-]*|wrong-.*|not-a-jwt.*|eyJhbGciOiJFUzI1NiJ9\..*"
    r"|(Basic )?bm9ib2R5Om5vdGhpbmc="
    r"|dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # printed in RFC 7636 Appendix B
)


class Listening(Server):
    """Remembers every secret that passes by."""

    secrets: set[str]

    def handle(self, request: Request) -> Response:
        answer = super().handle(request)
        fields = [*request.query, *request.form]
        self.secrets |= {value for name, value in fields if name in SENT}
        for name, value in (*request.headers, *answer.headers):
            if name.lower() in ("authorization", "dpop"):
                self.secrets |= {value, value.partition(" ")[2]}
            if name.lower() in ("cookie", "set-cookie"):
                self.secrets |= {p.partition("=")[2].strip() for p in value.split(";")[:9]}
            if name.lower() == "location":
                self.secrets |= {v for n, v in parse_qsl(urlsplit(value).query) if n == "code"}
        self.secrets |= set(_tokens(answer.body))
        return answer


def _tokens(body: bytes) -> list[str]:
    try:
        content = json.loads(body)
    except ValueError:
        return []
    found = content if isinstance(content, dict) else {}
    return [str(value) for name, value in found.items() if name in RECEIVED]


def test_no_secret_is_written(tmp_path: Path) -> None:
    key = demo_private_key()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    published = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636 appendix B
    secrets: set[str] = set()

    def make(issuer: str) -> Server:
        server = Listening(demo_config(issuer), defects=["error.no_echo"])  # it repeats codes
        server.secrets = secrets
        return server

    with running(make) as issuer:
        config = demo_config(issuer)
        target = {
            "format": 1,
            "issuer": issuer,
            "clients": [
                {"client_id": c.client_id, "redirect_uris": list(c.redirect_uris)}
                | ({"auth": c.auth_method} if c.auth_method != "none" else {})
                | ({"secret": {"env": f"SECRET_{n}"}} if c.secret else {})
                | ({"private_key": {"env": "KEY"}} if c.jwks else {})
                for n, c in enumerate(config.clients)
            ],
            "login": {"username": "alice", "password": {"env": "PASSWORD"}},
            "scope": "openid profile email offline_access",
            "capabilities": {"dpop-nonce": True},
        }
        path = tmp_path / "target.yaml"
        path.write_text(yaml.safe_dump(target), encoding="utf-8")
        env = {f"SECRET_{n}": c.secret for n, c in enumerate(config.clients) if c.secret}
        done = subprocess.run(
            [sys.executable, "-m", "tokenspec", "run", str(path)],
            cwd=tmp_path,
            env={**os.environ, **env, "KEY": pem.decode(), "PASSWORD": config.users[0].password},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        secrets.discard(published)
        secrets |= {*env.values(), config.users[0].password, *pem.decode().splitlines()[1:-1]}
    assert done.returncode == 1, done.stdout + done.stderr
    worth = {
        s for s in secrets if len(s) >= SHORTEST and not CLAIMED_BY_A_SCENARIO.fullmatch(s)
    } | {config.users[0].password}
    assert len(worth) > 1000
    written = {"the terminal": done.stdout + done.stderr}
    for file in (tmp_path / "tokenspec-report").rglob("*"):
        if file.is_file():
            written[file.name] = file.read_text(encoding="utf-8")
    for name, text in written.items():
        found = [secret[:60] for secret in contained(worth, text)]
        assert not found, (name, len(found), found[:5])


def contained(secrets: Iterable[str], text: str) -> set[str]:
    """Those of the secrets that stand in a text, as they are or as in a URL.

    There are thousands, and megabytes of text: a secret is looked for only where its start stands.
    """
    starts: dict[str, dict[str, str]] = {}
    for secret in secrets:
        for written in {secret, quote(secret, safe="")}:
            starts.setdefault(written[:SHORTEST], {})[written] = secret
    short = {start for start in starts if len(start) < SHORTEST}
    places = (at for at in range(len(text)) if text[at : at + SHORTEST] in starts)
    found = {
        secret
        for at in places
        for written, secret in starts[text[at : at + SHORTEST]].items()
        if text.startswith(written, at)
    }
    return found | {secret for start in short for secret in starts[start].values() if start in text}


def test_a_secret_would_be_found() -> None:
    long, escaped, short = "abcdefghijklmnop", "a+b/c=defghijklmn", "wonderland"
    for text in (f"…{long}…", f"{long}", f"x=a%2Bb%2Fc%3Ddefghijklmn&y={long[:-1]}", f"({short})"):
        meant = {s for s in (long, escaped, short) if s in text or quote(s, safe="") in text}
        assert meant
        assert contained([long, escaped, short], text) == meant
    assert contained([long, escaped, short], f"{long[:-1]} wonderful") == set()
