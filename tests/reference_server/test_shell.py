"""The server over HTTP: what is sent arrives as it was sent, and what is answered as well."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import anyio
import httpx
import pytest

from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config, demo_private_key
from tokenspec.reference_server.shell import LARGEST_BODY, application, running


class Recorder(Server):
    """Keeps the last request and answers two cookies."""

    def handle(self, request: Request) -> Response:
        self.last = request
        return Response(200, (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")), b"ok")


def test_the_demonstration_over_a_socket() -> None:
    with running(lambda issuer: Server(demo_config(issuer))) as issuer:
        told = httpx.get(f"{issuer}/.well-known/openid-configuration").json()
        assert told["issuer"] == issuer
        refused = httpx.post(told["token_endpoint"], data={"grant_type": "password"})
        assert refused.status_code == 400
        assert refused.json()["error"] == "unsupported_grant_type"
        assert httpx.head(told["jwks_uri"]).content == b""
        assert httpx.options(told["token_endpoint"]).status_code == 204
        place = urlsplit(issuer)
    with socket.socket() as probe:
        assert probe.connect_ex((place.hostname, place.port)) != 0


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_bytes_arrive_as_they_were_sent(method: str) -> None:
    recorder = Recorder(demo_config("https://as.example"))
    transport = httpx.ASGITransport(application(recorder))

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.request(
                method,
                "http://127.0.0.1:1/oauth/%74oken%2F?a=%41&a=b+c",
                headers=[("DPoP", "one"), ("DPoP", "two")],
                content=b"\xff\x00=",
            )

    response = anyio.run(send)
    assert recorder.last.method == method
    assert recorder.last.url == "https://as.example/oauth/%74oken%2F?a=%41&a=b+c"
    assert recorder.last.header_all("DPoP") == ("one", "two")
    assert recorder.last.body == b"\xff\x00="
    assert response.headers.get_list("Set-Cookie") == ["a=1", "b=2"]


def test_a_body_too_large_is_not_read() -> None:
    with running(lambda issuer: Server(demo_config(issuer))) as issuer:
        response = httpx.post(f"{issuer}/oauth/token", content=b"x" * (LARGEST_BODY + 1))
        assert response.status_code == 413


def test_the_demonstration_has_every_kind_of_client() -> None:
    config = demo_config("https://as.example")
    assert [(client.client_id, client.auth_method) for client in config.clients] == [
        ("tokenspec-public", "none"),
        ("tokenspec-second", "none"),
        ("tokenspec-basic", "client_secret_basic"),
        ("tokenspec-post", "client_secret_post"),
        ("tokenspec-jwt", "private_key_jwt"),
        ("tokenspec-code", "none"),
        ("tokenspec-single", "none"),
    ]
    assert demo_private_key() is demo_private_key()
    jwks = config.clients[4].jwks
    assert jwks
    assert "d" not in jwks["keys"][0]
