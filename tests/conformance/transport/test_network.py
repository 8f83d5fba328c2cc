"""Targets that are not straight ahead: TLS of one's own, proxies, load balancers, IPv6, HTTP/2."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import httpx
import pytest
import yaml

from tests.conformance.transport.tls import Issued, issue, secured
from tokenspec.conformance.cli import main
from tokenspec.conformance.errors import UsageError
from tokenspec.conformance.http import Request
from tokenspec.conformance.http import Response as Answer
from tokenspec.conformance.target.discovery import discover
from tokenspec.conformance.target.model import Client, Limits, Login, Network, Target
from tokenspec.conformance.transport.network import LONGEST_PLAIN, NetworkTransport, addressed
from tokenspec.conformance.transport.together import send_together
from tokenspec.reference_server import Request as Asked
from tokenspec.reference_server import Response, Server
from tokenspec.reference_server.demo import demo_config
from tokenspec.reference_server.shell import running

CALLBACK = "https://client.example/callback"


class Watching(Server):
    """Remembers every request's headers."""

    seen: list[dict[str, str]]

    def handle(self, request: Asked) -> Response:
        self.seen.append({name.lower(): value for name, value in request.headers})
        return super().handle(request)


def make_watching(made: list[Watching]) -> Callable[[str], Server]:
    def make(issuer: str) -> Server:
        server = Watching(demo_config(issuer))
        server.seen = []
        made.append(server)
        return server

    return make


def check(folder: Path, issuer: str, network: dict[str, object], **more: object) -> int:
    path = folder / "target.yaml"
    content = {
        "format": 1,
        "issuer": issuer,
        "clients": [{"client_id": "tokenspec-public", "redirect_uris": [CALLBACK]}],
        "login": {"username": "alice", "password": {"env": "TOKENSPEC_PASSWORD"}},
        "scope": "openid offline_access",
        "network": network,
    }
    path.write_text(yaml.safe_dump(content | more), encoding="utf-8")
    return main(["check", str(path)])


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENSPEC_PASSWORD", "wonderland")


@pytest.fixture
def authority(tmp_path: Path) -> Issued:
    return issue(tmp_path, "ca")


def test_an_authority_of_ones_own(tmp_path: Path, authority: Issued) -> None:
    own = issue(tmp_path, "server", "127.0.0.1", by=authority)
    with secured(lambda i: Server(demo_config(i)), own) as (issuer, _):
        assert check(tmp_path, issuer, {"ca_file": "ca.pem"}) == 0
        assert check(tmp_path, issuer, {}) == 6
        assert check(tmp_path, issuer, {}, verify_tls=False) == 0


def test_a_client_certificate(
    tmp_path: Path, authority: Issued, capsys: pytest.CaptureFixture[str]
) -> None:
    own = issue(tmp_path, "server", "127.0.0.1", by=authority)
    issue(tmp_path, "client", "client.example", by=authority)
    shown = {"client_certificate": "client.pem", "client_key": "client.key"}
    client = {"client_id": "tokenspec-public", "auth": "tls_client_auth"}
    clients = [client | {"redirect_uris": [CALLBACK]}]
    make = lambda i: Server(demo_config(i))  # noqa: E731 - two servers, one set-up
    with secured(make, own, clients=authority.certificate) as (issuer, _):
        assert check(tmp_path, issuer, {"ca_file": "ca.pem", **shown}, clients=clients) == 0
        assert check(tmp_path, issuer, {"ca_file": "ca.pem"}) == 6
    assert "client_certificate" in capsys.readouterr().out


def test_a_key_that_is_not_that_of_the_certificate(tmp_path: Path, authority: Issued) -> None:
    one, two = issue(tmp_path, "one", "x", by=authority), issue(tmp_path, "two", "x", by=authority)
    network = Network(client_certificate=str(one.certificate), client_key=str(two.key))
    with pytest.raises(UsageError, match="client certificate"):
        NetworkTransport(Limits(), network=network)
    (tmp_path / "empty.pem").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="no certificates"):
        NetworkTransport(Limits(), network=Network(ca_file=str(tmp_path / "empty.pem")))


def test_one_instance_behind_a_load_balancer(tmp_path: Path, authority: Issued) -> None:
    """The URLs, the Host header, the certificate's name and htu stay those of the public name."""
    own = issue(tmp_path, "server", "login.example", by=authority)
    public = "https://login.example"
    made: list[Watching] = []
    make = make_watching(made)
    with secured(make, own, issuer=public) as (_, port):
        network = {"ca_file": "ca.pem", "address": f"127.0.0.1:{port}"}
        assert check(tmp_path, public, network) == 0
    assert {headers["host"] for headers in made[0].seen} == {"login.example"}


def test_an_inner_name_with_host_and_htu_of_the_outer(tmp_path: Path, authority: Issued) -> None:
    """A server that knows itself by its public name refuses proofs for its inner one."""
    own = issue(tmp_path, "server", "login.example", by=authority)
    inner, public = "https://inner.example", "https://login.example"
    made: list[Watching] = []
    with secured(make_watching(made), own, issuer=public) as (_, port):
        path = tmp_path / "target.yaml"
        content: dict[str, object] = {
            "format": 1,
            "issuer": inner,
            "clients": [{"client_id": "tokenspec-public", "redirect_uris": [CALLBACK]}],
            "login": {"username": "alice", "password": {"env": "TOKENSPEC_PASSWORD"}},
            "endpoints": {"token": f"{inner}/oauth/token", "userinfo": f"{inner}/userinfo"},
            "hosts": [public],  # its metadata names its other endpoints there
            "capabilities": {"dpop-nonce": True},
        }
        way = {"ca_file": "ca.pem", "address": f"127.0.0.1:{port}", "host": "login.example"}
        codes = []
        for htu in ({"htu": public}, {}):
            path.write_text(yaml.safe_dump(content | {"network": way | htu}), encoding="utf-8")
            report = ("--report-dir", str(tmp_path / "report"))
            codes.append(main(["run", str(path), *report, "--select", "RFC9449-4.3"]))
    assert codes == [0, 6]
    assert {headers["host"] for headers in made[0].seen} == {"login.example"}


def test_headers_of_a_gateway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY", "gateway-key-8c1d")
    made: list[Watching] = []
    with running(make_watching(made)) as issuer:
        headers = {"X-Gateway": {"env": "GATEWAY"}, "X-Environment": "staging"}
        assert check(tmp_path, issuer, {"headers": headers}) == 0
    assert all(h["x-gateway"] == "gateway-key-8c1d" for h in made[0].seen)
    assert all(h["x-environment"] == "staging" for h in made[0].seen)
    assert "gateway-key" not in "".join(capsys.readouterr())


def test_ipv6(tmp_path: Path, authority: Issued) -> None:
    own = issue(tmp_path, "server", "::1", by=authority)
    with secured(lambda i: Server(demo_config(i)), own, host="::1") as (issuer, _):
        assert issuer.startswith("https://[::1]:")
        assert check(tmp_path, issuer, {"ca_file": "ca.pem", "ip_version": 6}) == 0
        assert check(tmp_path, issuer, {"ca_file": "ca.pem", "ip_version": 4}) == 6


@contextmanager
def proxy(asked: list[bytes]) -> Iterator[str]:
    """A proxy that tunnels with CONNECT and remembers where to."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def carry(client: socket.socket) -> None:
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            asked.append(head.split(b"\r\n")[0])
            host, _, port = asked[-1].split()[1].decode().rpartition(":")
            with socket.create_connection((host, int(port))) as server:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                pump(client, server)

    def pump(client: socket.socket, server: socket.socket) -> None:
        while not stop.is_set():
            for ready in select.select([client, server], [], [], 0.2)[0]:
                piece = ready.recv(65536)
                if not piece:
                    return
                (server if ready is client else client).sendall(piece)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=carry, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        listener.close()


def test_a_proxy(tmp_path: Path, authority: Issued, capsys: pytest.CaptureFixture[str]) -> None:
    own = issue(tmp_path, "server", "127.0.0.1", by=authority)
    asked: list[bytes] = []
    with secured(lambda i: Server(demo_config(i)), own) as (issuer, port), proxy(asked) as url:
        assert check(tmp_path, issuer, {"ca_file": "ca.pem", "proxy": url}) == 0
    assert asked
    assert all(line.startswith(f"CONNECT 127.0.0.1:{port}".encode()) for line in asked)
    assert "left to the proxy" in capsys.readouterr().out


def test_settings_of_the_environment_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with running(lambda i: Server(demo_config(i))) as issuer:
        assert check(tmp_path, issuer, {}) == 0


@contextmanager
def http2_server(
    own: Issued, ended: list[int] | None = None
) -> Iterator[tuple[str, list[dict[bytes, bytes]]]]:
    """Speaks HTTP/2 and nothing else; answers every request with 200 when it is whole.

    `ended` gets, for each read from a connection, how many requests it made whole.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    context.set_alpn_protocols(["h2"])
    seen: list[dict[bytes, bytes]] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(bare: socket.socket) -> None:
        config = h2.config.H2Configuration(client_side=False, header_encoding=None)
        spoken = h2.connection.H2Connection(config)
        with contextlib.suppress(OSError), context.wrap_socket(bare, server_side=True) as wire:
            spoken.initiate_connection()
            wire.sendall(spoken.data_to_send())
            while data := wire.recv(65536):
                events = spoken.receive_data(data)
                whole = [one for one in events if isinstance(one, h2.events.StreamEnded)]
                seen.extend(
                    dict(one.headers)
                    for one in events
                    if isinstance(one, h2.events.RequestReceived)
                )
                for event in whole:
                    spoken.send_headers(event.stream_id, [(b":status", b"200")])
                    spoken.send_data(event.stream_id, b"{}", end_stream=True)
                if ended is not None:
                    ended.append(len(whole))
                wire.sendall(spoken.data_to_send())

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", seen
    finally:
        listener.close()


def test_http2_where_the_target_speaks_it(tmp_path: Path, authority: Issued) -> None:
    own = issue(tmp_path, "server", "127.0.0.1", by=authority)
    network = Network(http2=True, ca_file=str(authority.certificate))
    with (
        http2_server(own) as (url, seen),
        NetworkTransport(Limits(), network=network) as transport,
    ):
        answer = transport.send(Request("POST", f"{url}/oauth/token", (("X-One", "1"),), b"a=1"))
    assert answer.status == 200
    assert answer.body == b"{}"
    assert seen[0][b":path"] == b"/oauth/token"
    assert seen[0][b"x-one"] == b"1"


def test_a_race_over_http2_is_whole_in_one_read(tmp_path: Path, authority: Issued) -> None:
    """On a connection that is open, as it is after the requests that lead to a race."""
    own = issue(tmp_path, "server", "127.0.0.1", by=authority)
    network = Network(http2=True, ca_file=str(authority.certificate))
    ended: list[int] = []
    with (
        http2_server(own, ended) as (url, seen),
        NetworkTransport(Limits(), network=network) as transport,
    ):
        transport.send(Request("POST", f"{url}/oauth/token", (), b"first=1"))
        ended.clear()
        race = [Request("POST", f"{url}/oauth/{n}", (), b"n=%d" % n) for n in range(8)]
        answers = send_together(transport, race)
    assert [answer.status for answer in answers if isinstance(answer, Answer)] == [200] * 8
    assert max(ended) == sum(ended) == 8
    assert len(seen) == 9


def test_a_client_with_a_certificate_uses_the_endpoints_made_for_it() -> None:
    """RFC 8705 §5: the aliases, for such a client alone."""
    public, inner = "https://login.example", "https://mtls.login.example"
    metadata = {
        "issuer": public,
        "authorization_endpoint": f"{public}/authorize",
        "token_endpoint": f"{public}/token",
        "mtls_endpoint_aliases": {"token_endpoint": f"{inner}/token"},
    }

    class Document:
        def send(self, _request: Request) -> Answer:
            return Answer(200, (), json.dumps(metadata).encode())

    for auth, token in (("tls_client_auth", f"{inner}/token"), ("none", f"{public}/token")):
        target = Target(public, (Client("a", auth),), Login(), hosts=(inner,))  # type: ignore[arg-type]
        assert discover(target, Document()).endpoints.token == token


@pytest.mark.parametrize("location", ["http://[broken", "https://server.example:port/", "\x7f"])
def test_an_answer_whose_redirect_leads_nowhere_is_an_answer(location: str) -> None:
    """It is for a case to judge; nothing between may take offence at it."""

    def answer(_request: httpx.Request) -> httpx.Response:
        headers = {"Location": location, "Set-Cookie": ";;;"}
        return httpx.Response(302, headers=headers, stream=httpx.ByteStream(b""))

    with NetworkTransport(Limits(), inner=httpx.MockTransport(answer)) as transport:
        told = transport.send(Request("GET", "https://server.example/authorize", (), b""))
    assert told.status == 302
    assert ("location", location) in [(name.lower(), value) for name, value in told.headers]


@pytest.mark.parametrize(
    "url",
    [
        "https://as.example/authorize?client_id=a&scope=openid%20email&state=x-._~+%2F",
        "https://as.example?a=1",
        "https://as.example:8443/a%2fb/../c?a=1",
        "https://as.example/authorize?",
        "https://as.example/token",
        "https://as.example/a?b=c?d=e",
        "https://as.example/a?b=c#d",
        "https://as.example/a#b?c=d",
        "https://as.example/a?b=%zz",
        "https://as.example/a?b=c d",
        "https://as.example/ä?b=c",
        "https://as.example/a?b=ä",
        "https://bücher.example/a?b=c",
        "http://[::1]:8080/a?b=[c]",
        f"https://as.example/a?b={'c' * 2 * LONGEST_PLAIN}",
    ],
)
def test_an_address_is_the_one_that_httpx_reads(url: str) -> None:
    whole = httpx.URL(url)
    for _again in range(2):
        address, target = addressed(url)
        assert target == whole.raw_path
        assert (address.scheme, address.raw_host, address.port, address.netloc) == (
            whole.scheme, whole.raw_host, whole.port, whole.netloc
        )  # fmt: skip


@pytest.mark.parametrize("url", ["https://as.example/a?b=\n", "https://as.example:x/a?b=c"])
def test_what_httpx_takes_for_no_address_is_none(url: str) -> None:
    with pytest.raises(httpx.InvalidURL):
        addressed(url)
