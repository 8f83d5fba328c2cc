"""The metadata says what the server does, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from bench import CONFIG, ISSUER, Bench, body

from tokenspec.reference_server import OAuthError, Policy, Request, Response, Server

WELL_KNOWN = "/.well-known/openid-configuration"


def metadata(bench: Bench) -> dict[str, Any]:
    return body(bench.get("openid-configuration"))


def test_every_endpoint_in_it_is_there() -> None:
    bench = Bench()
    told = metadata(bench)
    assert told["issuer"] == ISSUER
    urls = [value for name, value in told.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(urls) == 8
    for url in urls:
        assert url.startswith(ISSUER)
        assert bench.server.handle(Request("GET", url)).status != 404


@pytest.mark.parametrize(
    ("issuer", "path"),
    [
        ("https://as.example", "/.well-known/oauth-authorization-server"),
        ("https://as.example/t1", "/.well-known/oauth-authorization-server/t1"),
        ("https://as.example/t1", f"/t1{WELL_KNOWN}"),
    ],
)
def test_both_well_known_places(issuer: str, path: str) -> None:
    server = Server(replace(CONFIG, issuer=issuer))
    answer = server.handle(Request("GET", f"https://as.example{path}"))
    assert body(answer)["issuer"] == issuer
    assert body(answer)["token_endpoint"] == f"{issuer}/oauth/token"


def test_no_list_in_it_is_empty() -> None:
    assert all(value != [] for value in metadata(Bench()).values())


def test_challenge_methods_follow_the_policy() -> None:
    assert metadata(Bench())["code_challenge_methods_supported"] == ["S256"]
    plain = Bench(policy=Policy(plain_pkce=True))
    assert metadata(plain)["code_challenge_methods_supported"] == ["S256", "plain"]


def test_authentication_methods_are_those_of_the_clients() -> None:
    told = metadata(Bench())
    for endpoint in ("token", "revocation", "introspection"):
        assert told[f"{endpoint}_endpoint_auth_methods_supported"] == [
            "client_secret_basic", "none", "private_key_jwt",
        ]  # fmt: skip


def test_what_is_listed_works_and_what_is_not_does_not() -> None:
    told = metadata(Bench())
    for scope in told["scopes_supported"]:
        assert Bench().code(scope=scope)
    for mode in told["response_modes_supported"]:
        assert Bench().code(response_mode=mode)
    with pytest.raises(OAuthError):
        Bench().code(response_mode="fragment")
    for prompt in told["prompt_values_supported"]:
        if prompt == "none":
            assert Bench().code(prompt=prompt)
    assert told["authorization_response_iss_parameter_supported"] is True


# behaviour, what is seen in the metadata of the good server
CASES: list[tuple[str, Callable[[Response], bool]]] = [
    ("metadata.issuer", lambda r: body(r)["issuer"] == ISSUER),
    ("metadata.json", lambda r: dict(r.headers)["Content-Type"] == "application/json"),
    ("metadata.endpoints", lambda r: body(r)["userinfo_endpoint"].startswith("https://")),
    ("metadata.response_types", lambda r: body(r)["response_types_supported"] == ["code"]),
    ("metadata.pkce", lambda r: "code_challenge_methods_supported" in body(r)),
    (
        "metadata.id_token_alg",
        lambda r: body(r)["id_token_signing_alg_values_supported"] == ["RS256"],
    ),
]


@pytest.mark.parametrize(("behaviour", "seen"), CASES, ids=[name for name, _ in CASES])
def test_the_metadata_holds_and_the_removal_of_its_behaviour_shows(
    behaviour: str, seen: Callable[[Response], bool]
) -> None:
    assert seen(Bench().get("openid-configuration"))
    assert not seen(Bench(behaviour).get("openid-configuration"))


@pytest.mark.parametrize(
    ("behaviour", "keys", "private"),
    [(None, 1, False), ("jwks.keys", 0, False), ("jwks.public_only", 1, True)],
)
def test_the_key_set(
    behaviour: str | None,
    keys: int,
    private: bool,  # noqa: FBT001 - a case of the table
) -> None:
    told = body(Bench(*([behaviour] if behaviour else [])).get("jwks"))["keys"]
    assert len(told) == keys
    assert any("d" in key for key in told) is private
