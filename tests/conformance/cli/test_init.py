"""`tokenspec init`: from a URL to a file that `check` reads, whatever the server is like."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tokenspec.conformance.cli import init, main
from tokenspec.conformance.profile.catalogue import names as profile_names
from tokenspec.conformance.target.loader import read_target
from tokenspec.conformance.target.model import Client, Login
from tokenspec.conformance.target.writing import Wanted, target_text
from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running

KNOWN = ("--client-id", "tokenspec-public", "--username", "alice", "--no-input")


class Posing(Server):
    """Its metadata is changed, or is at one of the two places alone."""

    more: dict[str, object]
    only_at: str = ""

    def handle(self, request: Request) -> Response:
        if "well-known/o" in request.url and self.only_at not in request.url:
            return Response(404)
        answer = super().handle(request)
        if "well-known/o" not in request.url or not self.more:
            return answer
        return replace(answer, body=json.dumps(json.loads(answer.body) | self.more).encode())


@contextmanager
def posing(path: str = "", only_at: str = "", **more: object) -> Iterator[str]:
    def make(issuer: str) -> Server:
        server = Posing(demo_config(issuer + path))
        server.more, server.only_at = more, only_at
        return server

    with running(make) as issuer:
        yield issuer + path


def made(folder: Path, *arguments: str) -> tuple[str, str]:
    path = folder / "target.yaml"
    assert main(["init", *arguments, "--output", str(path)]) == 0
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 16
    return str(path), text


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENSPEC_PASSWORD", "wonderland")
    monkeypatch.setenv("TOKENSPEC_SECRET", "basic secret+with/reserved%characters:4f1c")


@pytest.mark.parametrize("path", ["", "/tenant/one"])
@pytest.mark.parametrize(
    "only_at", ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]
)
def test_a_file_from_either_well_known_place(tmp_path: Path, path: str, only_at: str) -> None:
    with posing(path, only_at) as issuer:
        file, text = made(tmp_path, issuer, *KNOWN)
        assert f"issuer: {issuer}\n" in text
        assert "scope: openid profile email offline_access\n" in text
        assert "password: {env: TOKENSPEC_PASSWORD}" in text
        assert main(["check", file]) == 0


@pytest.mark.parametrize(
    "address",
    [
        "{root}{path}/.well-known/openid-configuration",
        "{root}/.well-known/oauth-authorization-server{path}",
        "{root}{path}/",
    ],
)
def test_the_address_of_the_metadata_will_do_as_well(tmp_path: Path, address: str) -> None:
    with posing("/tenant") as issuer:
        given_ = address.format(root=issuer.removesuffix("/tenant"), path="/tenant")
        _, text = made(tmp_path, given_, *KNOWN)
    assert f"issuer: {issuer}\n" in text


def test_a_server_without_metadata(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with posing(only_at="nowhere") as issuer:
        path = tmp_path / "other.yaml"
        assert main(["init", issuer, *KNOWN, "--output", str(path)]) == 6
        assert "--endpoint authorization=URL" in capsys.readouterr().err
        endpoints = [f"authorization={issuer}/authorize", f"token={issuer}/oauth/token"]
        given_ = [word for pair in endpoints for word in ("--endpoint", pair)]
        file, text = made(tmp_path, issuer, *KNOWN, *given_)
        assert "scope: openid\n" in text
        assert main(["check", file]) == 0


def test_a_confidential_client(tmp_path: Path) -> None:
    with posing() as issuer:
        file, text = made(
            tmp_path, issuer, "--client-id", "tokenspec-basic", "--auth", "client_secret_basic",
            "--username", "alice", "--redirect-uri", "https://client.example/callback",
            "--redirect-uri", "https://client.example/other", "--no-input",
        )  # fmt: skip
        assert "secret: {env: TOKENSPEC_SECRET}" in text
        assert "callback, https://client.example/other]" in text
        assert main(["check", file]) == 0


def test_a_vendor_is_recognised_and_its_preset_suggested(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with posing(
        "/realms/one", token_endpoint="https://x.example/protocol/openid-connect/token"
    ) as issuer:
        _, text = made(tmp_path, issuer, *KNOWN)
    assert "# profile: keycloak" in text
    assert "hosts: [https://x.example:443]  # the metadata has endpoints there" in text
    assert "recognised Keycloak" in capsys.readouterr().out


def test_registration_and_other_logins(tmp_path: Path) -> None:
    with posing() as issuer:
        _, text = made(tmp_path, issuer, "--register", "--login", "none", "--no-input")
    content = yaml.safe_load(text)
    assert content["registration"] == {}
    assert "clients" not in content
    assert content["login"] == {"kind": "none"}


@pytest.mark.parametrize("kind", ["cookie", "command", "python", "manual", "none", "browser"])
def test_every_login_gives_a_file_that_can_be_read(tmp_path: Path, kind: str) -> None:
    with posing() as issuer:
        _, text = made(tmp_path, issuer, *KNOWN, "--login", kind)
    assert f"kind: {kind}" in text


@pytest.mark.parametrize(
    "more", [{"authorization_endpoint": None}, {"grant_types_supported": ["client_credentials"]}]
)
def test_no_password_is_asked_for_where_nobody_signs_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: dict[str, object]
) -> None:
    with posing(**more) as issuer:
        _, text = made(tmp_path, issuer, "--client-id", "tokenspec-public", "--no-input")
    assert yaml.safe_load(text)["login"] == {"kind": "none"}
    assert "PASSWORD" not in text
    assert "nobody signs in" in capsys.readouterr().out


def test_a_server_that_asks_nobody_to_sign_in_needs_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where it asks all the same, that is told."""
    monkeypatch.delenv("TOKENSPEC_PASSWORD")
    known = ("--client-id", "tokenspec-public", "--username", "-", "--no-input")
    with posing() as issuer:
        file, text = made(tmp_path, issuer, *known)
        assert yaml.safe_load(text)["login"] == {"kind": "form"}
        capsys.readouterr()
        assert main(["check", file]) == 6
    assert "asks who the user is, and the target file names nobody" in " ".join(
        capsys.readouterr().out.split()
    )


def test_a_second_user_signs_in_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOKENSPEC_SECOND_PASSWORD", "tea-at-six")
    with posing() as issuer:
        file, text = made(tmp_path, issuer, *KNOWN, "--second-username", "hatter")
        assert yaml.safe_load(text)["login"][1] == {
            "username": "hatter",
            "password": {"env": "TOKENSPEC_SECOND_PASSWORD"},
        }
        assert len(text.splitlines()) <= 16
        capsys.readouterr()
        assert main(["check", file]) == 0
    assert "hatter signed in" in capsys.readouterr().out


def test_a_second_user_is_another_one_with_a_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = ("--output", str(tmp_path / "other.yaml"), "--second-username", "alice")
    with posing() as issuer:
        assert main(["init", issuer, *KNOWN, *second]) == 4
        assert "another user" in capsys.readouterr().err
        assert main(["init", issuer, *KNOWN, *second, "--login", "cookie"]) == 4
        assert "does not go with --login cookie" in capsys.readouterr().err


def test_a_terminal_is_asked_for_what_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["tokenspec-public", "", "", "alice"])
    monkeypatch.setattr("builtins.input", lambda _question: next(answers))
    monkeypatch.setattr(init.sys.stdin, "isatty", lambda: True, raising=False)
    with posing() as issuer:
        file, text = made(tmp_path, issuer)
        assert "client_id: tokenspec-public" in text
        assert "username: alice" in text
        assert main(["check", file]) == 0


def test_wrong_use_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "target.yaml"
    with posing() as issuer:
        arguments = ["init", issuer, "--output", str(path), "--no-input"]
        assert main([*arguments, "--endpoint", "tokn=x"]) == 4
        assert "names: authorization, token" in capsys.readouterr().err
        assert main(arguments) == 0
        assert "CHANGE-ME" in capsys.readouterr().out
        assert main(arguments) == 4
        assert "exists and is kept" in capsys.readouterr().err


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)


@given(client_id=texts, username=texts, uri=texts)
def test_whatever_the_values_are_they_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, client_id: str, username: str, uri: str
) -> None:
    wanted = Wanted(
        file="target.yaml",
        issuer="https://login.example",
        clients=(Client(client_id, redirect_uris=(uri,)),),
        login=Login(username=username, password="NAME"),
    )
    path = tmp_path_factory.mktemp("init") / "target.yaml"
    path.write_text(target_text(wanted, {}, ("", "")), encoding="utf-8")
    target = read_target(path, {"NAME": "x"}, profile_names())
    assert target.main.client_id == client_id
    assert target.main.redirect_uris == (uri,)
    assert target.login.username == username


@pytest.mark.parametrize(
    ("metadata", "scope"),
    [
        ({}, "openid"),
        ({"scopes_supported": ["email", "openid", "tokens"]}, "openid email"),
        ({"scopes_supported": ["user", "tools"]}, "user"),
        ({"scopes_supported": [7, None]}, "openid"),
        (
            {
                "scopes_supported": ["user"],
                "id_token_signing_alg_values_supported": ["RS256"],
            },
            "openid",
        ),
    ],
)
def test_openid_is_not_asked_for_where_the_metadata_lists_others(
    metadata: dict[str, object], scope: str
) -> None:
    wanted = Wanted(
        file="target.yaml",
        issuer="https://login.example",
        clients=(Client("app", redirect_uris=("https://app.example/cb",)),),
        login=Login(username="alice", password="NAME"),
    )
    text = target_text(wanted, metadata, ("", ""))
    assert yaml.safe_load(text)["scope"] == scope
