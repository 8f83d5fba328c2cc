"""Wrong configurations, each at a real server: `check` names what is wrong, and the mend."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.conformance.transport.tls import issue, secured
from tokenspec.conformance.cli import main
from tokenspec.conformance.preflight import clients
from tokenspec.conformance.target.capabilities import CAPABILITIES
from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running

CALLBACK = "https://client.example/callback"
Start = Callable[[Path], AbstractContextManager[str]]


class Hardened(Server):
    """Refuses every consent, as a policy of the tenant would."""

    def handle(self, request: Request) -> Response:
        if "/consent" in request.url and request.method == "POST":
            request = replace(request, body=request.body.replace(b"accept", b"deny"))
        return super().handle(request)


class Elsewhere(Server):
    """Its metadata names a token endpoint on another host."""

    def handle(self, request: Request) -> Response:
        answer = super().handle(request)
        if "well-known" not in request.url:
            return answer
        body = answer.body.replace(
            f"{self.config.issuer}/oauth/token".encode(), b"https://tokens.example/oauth/token"
        )
        return replace(answer, body=body)


class WantsClientId(Server):
    """Reads which client it is from the body alone."""

    def handle(self, request: Request) -> Response:
        answer = super().handle(request)
        if (
            request.header("Authorization").startswith("Basic")
            and b"client_id=" not in request.body
        ):
            body = b'{"error": "invalid_client", "error_description": "Missing client_id"}'
            return replace(answer, status=401, body=body)
        return answer


def plain(kind: type[Server] = Server, **settings: object) -> Start:
    def start(_folder: Path) -> AbstractContextManager[str]:
        return running(lambda issuer: kind(demo_config(issuer), **settings))  # type: ignore[arg-type]

    return start


def with_certificate(
    *, days: tuple[int, int] = (-1, 30), self_signed: bool = False, name: str = "127.0.0.1"
) -> Start:
    @contextmanager
    def start(folder: Path) -> Iterator[str]:
        authority = issue(folder, "ca")
        own = issue(folder, "server", name, by=None if self_signed else authority, days=days)
        with secured(lambda issuer: Server(demo_config(issuer)), own) as (issuer, _):
            yield issuer

    return start


@contextmanager
def closed(_folder: Path) -> Iterator[str]:
    """A port of the loopback where nothing listens; bound, so that nobody else takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def target(issuer: str) -> dict[str, object]:
    return {
        "format": 1,
        "issuer": issuer,
        "clients": [{"client_id": "tokenspec-public", "redirect_uris": [CALLBACK]}],
        "login": {"username": "alice", "password": "wonderland"},
        "scope": "openid offline_access",
    }


def client(**changes: object) -> dict[str, object]:
    return {"clients": [{"client_id": "tokenspec-public", "redirect_uris": [CALLBACK]} | changes]}


CA = {"network": {"ca_file": "ca.pem"}}
PLAIN = plain()
CONFIDENTIAL = {"client_id": "tokenspec-basic", "auth": "client_secret_basic"}

CASES = {
    "wrong issuer": (PLAIN, {"issuer": "{issuer}/tenant"}, "metadata", "looked for at", "issuer"),
    "wrong issuer, by name": (
        PLAIN, {"issuer": "{alias}"}, "metadata", "names the issuer", "say 'issuer: http://127",
    ),
    "unknown host": (
        PLAIN,
        {"issuer": "https://no-such-host.invalid",
         "login": {"username": "alice", "password": {"env": "PATH"}}},
        "DNS", "has no address", "'issuer'",
    ),
    "port closed": (
        closed, {}, "connection", "nothing answers at 127.0.0.1", "'issuer'",
    ),
    "expired certificate": (
        with_certificate(days=(-30, -1)), CA, "TLS", "has expired", "renew the certificate",
    ),
    "self-signed certificate": (
        with_certificate(self_signed=True), {}, "TLS", "self-signed", "network: {{ca_file",
    ),
    "unknown authority": (
        with_certificate(), {}, "TLS", "an issuer that is not trusted", "network: {{ca_file",
    ),
    "certificate of another host": (
        with_certificate(name="other.example"), CA, "TLS", "is not for 127.0.0.1", "'issuer'",
    ),
    "https at a port without it": (
        PLAIN, {"issuer": "{secure}"}, "TLS", "no TLS connection", "in 'issuer'",
    ),
    "unknown client": (
        PLAIN, client(client_id="nobody"), "client",
        "the token endpoint says 401 invalid_client", "clients[0].client_id",
    ),
    "wrong secret": (
        PLAIN, client(**CONFIDENTIAL, secret="wrong"), "client auth", "401 invalid_client",
        "clients[0].secret",
    ),
    "another method": (
        PLAIN,
        client(**CONFIDENTIAL | {"auth": "client_secret_post"},
               secret="basic secret+with/reserved%characters:4f1c"),
        "client auth", "with client_secret_basic a made-up code", "'auth: client_secret_basic'",
    ),
    "client_id wanted beside Basic": (
        plain(WantsClientId),
        client(**CONFIDENTIAL, secret="basic secret+with/reserved%characters:4f1c"),
        "client auth", "Missing client_id", "register tokenspec-basic for client_secret_post",
    ),
    "public client set as confidential": (
        PLAIN, client(auth="client_secret_basic", secret="made-up"), "client auth",
        "with none a made-up code", "'auth: none'",
    ),
    "confidential client set as public": (
        PLAIN, client(client_id="tokenspec-basic"), "client auth", "none is refused",
        "'auth' and 'secret'",
    ),
    "unregistered redirect URI": (
        PLAIN, client(redirect_uris=["https://client.example/x"]), "redirect_uri",
        "the token endpoint says 400 invalid_grant", "clients[0].redirect_uris",
    ),
    "wrong password": (
        PLAIN, {"login": {"username": "alice", "password": "wrong"}}, "credentials",
        "the login page came back", "login.password",
    ),
    "consent refused": (plain(Hardened), {}, "consent", "access_denied", "consent to clients[0]"),
    "PKCE off": (
        plain(defects=["pkce.verifier_matches"]), {}, "pkce", "PKCE is off",
        "pkce-s256: false",
    ),
    "clock ten minutes off": (
        plain(clock=lambda: time.time() - 600), {}, "clock", "behind this machine's",
        "clock_offset: -",
    ),
    "metadata names another host": (
        plain(Elsewhere), {}, "metadata", "token_endpoint is at https://tokens.example:443",
        "hosts: [https://tokens.example:443]",
    ),
}  # fmt: skip


def changed(issuer: str, changes: dict[str, object]) -> dict[str, object]:
    aliases = {
        "issuer": issuer,
        "alias": issuer.replace("127.0.0.1", "localhost"),
        "secure": issuer.replace("http://", "https://"),
    }
    told = {n: v.format(**aliases) if isinstance(v, str) else v for n, v in changes.items()}
    return target(issuer) | told


@pytest.mark.parametrize(
    ("start", "changes", "step", "evidence", "mend"), CASES.values(), ids=list(CASES)
)
def test_a_wrong_configuration_is_named(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    start: Start,
    changes: dict[str, object],
    step: str,
    evidence: str,
    mend: str,
) -> None:
    path = tmp_path / "target.yaml"
    with start(tmp_path) as issuer:
        path.write_text(yaml.safe_dump(changed(issuer, changes)), encoding="utf-8")
        assert main(["check", str(path)]) == 6
    lines = capsys.readouterr().out.splitlines()
    failing = [number for number, line in enumerate(lines) if line.startswith("  FAIL")]
    assert len(failing) == 1, "\n".join(lines)
    assert lines[failing[0]].split()[1:3][: len(step.split())] == step.split(), lines
    told, _, hint = " ".join(line.strip() for line in lines[failing[0] :]).partition("→")
    assert evidence in told
    assert mend.replace("{{", "{") in hint
    assert all(line.startswith(("  ok", " " * 24)) for line in lines[2 : failing[0]]), lines


@pytest.mark.parametrize("mended", [{"network": {"clock_offset": -600}}], ids=["clock_offset"])
def test_the_mend_mends(tmp_path: Path, mended: dict[str, object]) -> None:
    path = tmp_path / "target.yaml"
    with CASES["clock ten minutes off"][0](tmp_path) as issuer:
        path.write_text(yaml.safe_dump(target(issuer) | mended), encoding="utf-8")
        assert main(["check", str(path)]) == 0


def test_a_server_behind_a_proxy_that_ends_tls_is_reached_by_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSWORD", "wonderland")
    path, named = tmp_path / "target.yaml", "https://login.example"
    with running(lambda _: Server(demo_config(named))) as address:
        path.write_text(yaml.safe_dump(target(address)), encoding="utf-8")
        assert main(["check", str(path)]) == 6
        said = " ".join(capsys.readouterr().out.split())
        network = re.search(r"'network: (\{address: .*?\}\})'", said)
        assert network, said
        assert f"say 'issuer: {named}'" in said
        path.write_text(yaml.safe_dump(target(address.replace("http", "https"))), encoding="utf-8")
        assert main(["check", str(path)]) == 6
        assert "'network: {plain_http: true" in " ".join(capsys.readouterr().out.split())
        login = {"username": "alice", "password": {"env": "PASSWORD"}}
        mended = target(named) | {"network": yaml.safe_load(network[1]), "login": login}
        path.write_text(yaml.safe_dump(mended), encoding="utf-8")
        assert main(["check", str(path)]) == 0, capsys.readouterr().out


class Forgetful(Server):
    """Keeps no session: whoever comes back is a stranger."""

    def handle(self, request: Request) -> Response:
        if "prompt=none" not in request.url:
            return super().handle(request)
        kept = tuple(pair for pair in request.headers if pair[0].lower() != "cookie")
        return super().handle(replace(request, headers=kept))


def test_what_a_newcomer_may_have_to_say_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "target.yaml"
    said_nothing = {"capabilities": {"refresh": False}}
    with plain(Forgetful)(tmp_path) as issuer:
        path.write_text(yaml.safe_dump(target(issuer) | said_nothing), encoding="utf-8")
        assert main(["check", str(path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "note session a second authorization with prompt=none was refused" in said
    assert "'capabilities: {session: false, prompt-none: false}'" in said
    assert "'capabilities: {refresh: true}' has them run" in said


def test_a_client_that_is_asked_for_after_the_sign_in_is_not_called_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "_refused", lambda _result: False)
    path, wrong = tmp_path / "target.yaml", client(**CONFIDENTIAL, secret="wrong")
    with plain()(tmp_path) as issuer:
        path.write_text(yaml.safe_dump(target(issuer) | wrong), encoding="utf-8")
        assert main(["check", str(path)]) != 0
    said = " ".join(capsys.readouterr().out.split())
    assert "with a made-up client_id the authorization endpoint begins as well" in said
    assert "is tokenspec-basic registered there at all?" in said
    assert "is known" not in said


def test_without_a_target_file_it_is_the_bundled_server_that_is_ready(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check"]) == 0
    said = capsys.readouterr().out
    assert "bundled server, as no target file is named" in said.splitlines()[0]
    assert "the bundled server is ready" in said
    assert "tokenspec init" in said.splitlines()[-1]


def test_a_good_target_gets_its_table_and_the_cost_of_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "target.yaml"
    with plain()(tmp_path) as issuer:
        path.write_text(yaml.safe_dump(target(issuer)), encoding="utf-8")
        assert main(["check", str(path)]) == 0
    said = capsys.readouterr().out
    for words in (
        "client         tokenspec-public is known",
        "login page     recognised by its form: login, titled 'Sign in'",
        "metadata lists ES256 for DPoP proofs   [seen: works]",
        "cases apply; about",
        "ready: tokenspec run",
    ):
        assert words in said
    for name in CAPABILITIES:
        assert re.search(rf"^  (yes|no ) {name} +\S", said, re.MULTILINE), name
