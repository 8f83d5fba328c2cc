"""Paths, methods, and what browsers let scripts of other origins do."""

from __future__ import annotations

import pytest
from bench import ISSUER, Bench

from tokenspec.reference_server import Request, Response
from tokenspec.reference_server.core import PATHS

DIRECT = ["token", "userinfo", "revocation", "introspection", "jwks", "openid-configuration"]


def send(bench: Bench, method: str, name: str) -> Response:
    return bench.server.handle(Request(method, ISSUER + PATHS[name]))


@pytest.mark.parametrize(
    ("name", "methods"),
    [
        ("authorization", "GET, HEAD, POST"),
        ("login", "POST"),
        ("consent", "POST"),
        ("token", "POST"),
        ("userinfo", "GET, HEAD, POST"),
        ("revocation", "POST"),
        ("introspection", "POST"),
        ("jwks", "GET, HEAD"),
        ("openid-configuration", "GET, HEAD"),
    ],
)
def test_another_method_is_told_which_are_allowed(name: str, methods: str) -> None:
    response = send(Bench(), "DELETE", name)
    assert response.status == 405
    assert dict(response.headers)["Allow"] == methods
    assert response.refusal
    assert response.refusal.requirement


def test_an_unknown_path() -> None:
    response = Bench().server.handle(Request("GET", f"{ISSUER}/nowhere"))
    assert response.status == 404
    assert response.refusal


@pytest.mark.parametrize("name", DIRECT)
def test_a_browser_may_ask_and_read_at_direct_endpoints(name: str) -> None:
    asked = send(Bench(), "OPTIONS", name)
    assert asked.status == 204
    assert "DPoP" in dict(asked.headers)["Access-Control-Allow-Headers"]
    answered = dict(send(Bench(), "GET", name).headers)
    assert answered["Access-Control-Allow-Origin"] == "*"
    assert "DPoP-Nonce" in answered["Access-Control-Expose-Headers"]
    closed = Bench("cors.direct_endpoints")
    assert "Access-Control-Allow-Origin" not in dict(send(closed, "GET", name).headers)
    assert send(closed, "OPTIONS", name).status in {401, 405}
