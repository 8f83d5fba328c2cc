"""Whether the main client is a native app: RFC 8252 §7.3 frees the port for those alone."""

from __future__ import annotations

import pytest

from tokenspec.conformance.target.capabilities import decide
from tokenspec.conformance.target.discovery import Discovered
from tokenspec.conformance.target.model import Client, Login, Target

LOOPBACK = "http://127.0.0.1:8080/callback"


@pytest.mark.parametrize(
    ("auth", "uris", "stated", "native"),
    [
        ("none", (LOOPBACK,), {}, False),
        ("none", (LOOPBACK, "com.example.app:/callback"), {}, True),
        ("none", (LOOPBACK,), {"native-client": True}, True),
        ("client_secret_basic", ("com.example.app:/callback",), {}, False),
    ],
)
def test_a_client_is_native_by_its_address_or_as_the_file_says(
    *, auth: str, uris: tuple[str, ...], stated: dict[str, bool], native: bool
) -> None:
    client = Client("app", auth=auth, secret="s" if auth != "none" else "", redirect_uris=uris)
    target = Target("https://as.example", (client,), Login(), capabilities=stated)
    assert decide(target, Discovered())["native-client"].present is native
