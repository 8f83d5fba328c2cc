"""Clients that register themselves: used for the run, gone after it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
import yaml

from tokenspec.conformance.cli import main
from tokenspec.reference_server import Client, Request, Response, Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running

TOKEN = "initial-access-token-of-the-operator"


class Registering(Server):
    """Registers clients (RFC 7591 §3) and deletes them (RFC 7592 §2.3)."""

    asked: list[dict[str, object]]
    deleted: list[str]
    manages: bool = True
    refuses: str = ""
    replaces: Mapping[str, object] = MappingProxyType({})

    def handle(self, request: Request) -> Response:
        base = f"{self.config.issuer}/register"
        if request.url.startswith(base):
            return self._registration(request, base)
        answer = super().handle(request)
        if "well-known/openid" not in request.url:
            return answer
        methods = ["client_secret_basic", "private_key_jwt"]  # public ones do not authenticate
        more = {"registration_endpoint": base, "token_endpoint_auth_methods_supported": methods}
        return replace(answer, body=json.dumps(json.loads(answer.body) | more).encode())

    def _instead(self, method: str) -> dict[str, object]:
        """What the server registers in the place of what was asked, for confidential clients."""
        return {} if method == "none" else dict(self.replaces)

    def _know(self, clients: tuple[Client, ...]) -> None:
        """Become a server with these clients that remembers what it did."""
        super().__init__(replace(self.config, clients=clients), store=self.store)

    def _registration(self, request: Request, base: str) -> Response:
        bearer = {n.lower(): v for n, v in request.headers}.get("authorization", "")
        if request.method == "DELETE":
            name = request.url.rpartition("/")[2]
            if bearer != f"Bearer manage-{name}":
                return Response(401)
            self.deleted.append(name)
            rest = tuple(c for c in self.config.clients if c.client_id != name)
            self._know(rest)
            return Response(204)
        if self.refuses and bearer != f"Bearer {TOKEN}":
            return told(401, {"error": "invalid_token", "error_description": self.refuses})
        asked = json.loads(request.body)
        self.asked.append(asked)
        asked |= self._instead(asked["token_endpoint_auth_method"])
        name, method = f"made-{len(self.asked)}", asked["token_endpoint_auth_method"]
        secret = f"secret-of-{name}" if method.startswith("client_secret") else ""
        uris, grants = tuple(asked["redirect_uris"]), tuple(asked["grant_types"])
        made = Client(name, method, secret, asked.get("jwks"), uris, grants)
        self._know((*self.config.clients, made))
        answer = asked | {"client_id": name}
        if secret:
            answer |= {"client_secret": secret, "client_secret_expires_at": 0}
        if self.manages:
            answer |= {
                "registration_client_uri": f"{base}/{name}",
                "registration_access_token": f"manage-{name}",
            }
        return told(201, answer)


def told(status: int, content: dict[str, object]) -> Response:
    return Response(status, (("Content-Type", "application/json"),), json.dumps(content).encode())


@contextmanager
def registering(
    kind: type[Registering] = Registering, **settings: object
) -> Iterator[tuple[str, Registering]]:
    made: list[Registering] = []

    def make(issuer: str) -> Server:
        server = kind(replace(demo_config(issuer), clients=()))
        server.asked, server.deleted = [], []
        for name, value in settings.items():
            setattr(server, name, value)
        made.append(server)
        return server

    with running(make) as issuer:
        yield issuer, made[0]


def target(folder: Path, issuer: str, registration: dict[str, object]) -> str:
    path = folder / "target.yaml"
    content = {
        "format": 1,
        "issuer": issuer,
        "registration": registration,
        "login": {"username": "alice", "password": "wonderland"},
        "scope": "openid offline_access",
    }
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return str(path)


def test_a_server_that_registers_needs_no_client(tmp_path: Path) -> None:
    with registering() as (issuer, server):
        path = target(tmp_path, issuer, {})
        report = ("--report-dir", str(tmp_path / "report"))
        assert main(["run", path, *report, "--select", "client_auth", "--select", "pkce"]) == 0
        asked = [client["token_endpoint_auth_method"] for client in server.asked]
        assert asked == ["none", "none", "client_secret_basic"]
        assert server.asked[0]["scope"] == "openid offline_access"
        assert server.deleted == ["made-1", "made-2", "made-3"]
        assert server.config.clients == ()
    record = (tmp_path / "report" / "record.ndjson").read_text(encoding="utf-8")
    assert "secret-of-made-3" not in record
    assert "manage-made" not in record


def test_a_key_is_made_for_a_client_that_signs(tmp_path: Path) -> None:
    with registering() as (issuer, server):
        path = target(tmp_path, issuer, {"clients": ["private_key_jwt"]})
        assert main(["check", path]) == 0
        assert server.asked[0]["jwks"]["keys"][0]["alg"] == "ES256"  # type: ignore[index]
        assert "d" not in server.asked[0]["jwks"]["keys"][0]  # type: ignore[index]


def test_what_cannot_be_deleted_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with registering(manages=False) as (issuer, _):
        assert main(["check", target(tmp_path, issuer, {"clients": ["none"]})]) == 0
    assert "client made-1 is still registered: the server gave no" in capsys.readouterr().err


@pytest.mark.parametrize("token", ["", TOKEN], ids=["without", "with"])
def test_an_initial_access_token(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], token: str
) -> None:
    with registering(refuses="ask the operator") as (issuer, _):
        given = {"initial_access_token": token} if token else {}
        assert main(["check", target(tmp_path, issuer, given)]) == (0 if token else 6)
    if not token:
        said = " ".join(capsys.readouterr().out.split())
        assert "401 invalid_token ask the operator" in said
        assert "registration.initial_access_token" in said


def test_after_a_failure_nothing_stays_registered(tmp_path: Path) -> None:
    with registering() as (issuer, server):
        path = Path(target(tmp_path, issuer, {}))
        path.write_text(path.read_text("utf-8").replace("wonderland", "wrong"), "utf-8")
        assert main(["run", str(path)]) == 6
        assert server.deleted == ["made-1", "made-2", "made-3"]


def test_what_the_server_registered_governs_not_what_was_asked(tmp_path: Path) -> None:
    replaced = {
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["authorization_code"],
        "redirect_uris": ["https://client.example/callback"],
    }
    with registering(replaces=replaced) as (issuer, _):
        path = target(tmp_path, issuer, {"clients": ["none", "client_secret_basic"]})
        report = tmp_path / "report"
        assert main(["run", path, "--report-dir", str(report), "--select", "client_auth"]) == 0
    lines = (report / "record.ndjson").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    verdicts = {line["key"]: line["verdict"] for line in found if line["type"] == "finding"}
    assert set(verdicts.values()) <= {"pass", "not-applicable", "observe"}
    assert "pass" in verdicts.values()


def test_a_method_that_was_not_asked_for_and_cannot_be_used_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with registering(replaces={"token_endpoint_auth_method": "private_key_jwt"}) as (
        issuer,
        server,
    ):
        assert main(["check", target(tmp_path, issuer, {"clients": ["client_secret_post"]})]) == 6
        assert server.deleted == ["made-1"]
    said = " ".join(capsys.readouterr().out.split())
    assert "authenticates by 'private_key_jwt', which was not asked for" in said
    assert "registration: {clients: [none]}" in said


def test_a_server_that_registers_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(lambda issuer: Server(demo_config(issuer))) as issuer:
        assert main(["check", target(tmp_path, issuer, {})]) == 6
    assert "names no registration_endpoint" in capsys.readouterr().out


class Particular(Registering):
    """Refuses clients that ask for `unwanted`, and those without a secret where it has to."""

    unwanted: str = "openid"
    confidential_only: bool = False

    def _registration(self, request: Request, base: str) -> Response:
        if request.method == "POST":
            asked = json.loads(request.body)
            public = asked["token_endpoint_auth_method"] == "none"
            unwanted = self.unwanted in asked.get("scope", "").split()
            if unwanted or (public and self.confidential_only):
                return told(403, {"error": "invalid_client_metadata"})
        return super()._registration(request, base)


@pytest.mark.parametrize(
    ("unwanted", "registered"),
    [("openid", "offline_access"), ("offline_access", None)],
    ids=["without openid", "without any"],
)
def test_a_scope_that_no_client_may_ask_for_is_left_out(
    tmp_path: Path, unwanted: str, registered: str | None
) -> None:
    with registering(Particular, unwanted=unwanted) as (issuer, server):
        assert main(["check", target(tmp_path, issuer, {"clients": ["none"]})]) == 0
        assert [asked.get("scope") for asked in server.asked] == [registered]


def test_where_only_confidential_clients_are_registered_the_others_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with registering(Particular, confidential_only=True, unwanted="-") as (issuer, server):
        assert main(["check", target(tmp_path, issuer, {})]) == 0
        asked = [client["token_endpoint_auth_method"] for client in server.asked]
    assert asked == ["client_secret_basic"]
    assert (
        "left out: the server did not register a client with auth none" in capsys.readouterr().err
    )
