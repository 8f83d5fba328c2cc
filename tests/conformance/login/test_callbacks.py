"""Which redirects lead to the client, and what of them is the server's answer."""

from __future__ import annotations

import pytest

from tokenspec.conformance.login.browse import callback, is_callback, leads_to_the_same

PLAIN, QUERY = "https://client.example/cb", "https://client.example/cb?x=1&y=2"


@pytest.mark.parametrize(
    ("location", "redirect_uri"),
    [
        (f"{PLAIN}?code=c&state=s", PLAIN),
        (f"{PLAIN}?code=c#_=_", PLAIN),
        ("https://client.example:443/cb?code=c", PLAIN),
        ("http://localhost:80/cb?code=c", "http://localhost/cb"),
        (f"{PLAIN}?code=c", "https://client.example:443/cb"),
        (f"{QUERY}&code=c", QUERY),
        (f"{PLAIN}?code=c&state=s&y=2&x=1", QUERY),
        (f"{PLAIN}?code=c&t=%20", f"{PLAIN}?t=+"),
        ("com.example.app:/cb?code=c", "com.example.app:/cb"),
        ("https://h/?code=c", "https://h"),
        (f"{QUERY}&code=c&state=s", f"{QUERY}&code=own&state=own"),  # §3.1: none comes twice
    ],
)
def test_it_leads_to_the_client(location: str, redirect_uri: str) -> None:
    assert is_callback(location, redirect_uri)
    assert callback(location, (), redirect_uri).parameters["code"] == "c"


@pytest.mark.parametrize(
    ("location", "redirect_uri"),
    [
        (f"{PLAIN}?code=c", QUERY),  # RFC 6749 §3.1.2: the query is retained
        (f"{PLAIN}?x=1&code=c", QUERY),
        (f"{PLAIN}?x=2&y=2&code=c", QUERY),
        ("https://client.example:8443/cb?code=c", PLAIN),
        ("http://client.example/cb?code=c", PLAIN),
        ("http://client.example:443/cb?code=c", PLAIN),
        ("https://attacker.example/cb?code=c", PLAIN),
        ("https://user@client.example/cb?code=c", PLAIN),
        ("https://client.example/other?code=c", PLAIN),
        ("https://client.example:x/cb", PLAIN),
    ],
)
def test_it_leads_elsewhere(location: str, redirect_uri: str) -> None:
    assert not is_callback(location, redirect_uri)


def test_what_the_address_has_of_its_own_is_no_part_of_the_answer() -> None:
    result = callback(f"{PLAIN}?code=c&y=2&state=s&x=1#_=_", (), QUERY)
    assert dict(result.parameters) == {"code": "c", "state": "s"}
    assert not result.repeated


@pytest.mark.parametrize(
    ("answer", "repeated"),
    [("code=c&code=d", ("code",)), ("code=c&x=1", ("x",)), ("code=c", ())],
)
def test_what_comes_twice_is_told(answer: str, repeated: tuple[str, ...]) -> None:
    assert callback(f"{QUERY}&{answer}", (), QUERY).repeated == repeated


@pytest.mark.parametrize(
    ("location", "asked", "same"),
    [
        (f"{PLAIN}?code=c", f" {PLAIN}", True),
        (f"{PLAIN}?code=c", "https://CLIENT.example/cb", True),
        (f"{PLAIN}?code=c", f"{PLAIN}?x=1", True),
        (f"{PLAIN}?x=1&code=c", f"{PLAIN}?x=1", False),
        (f"{PLAIN}?code=c#top", f"{PLAIN}#top", False),
        (f"{PLAIN}/more?code=c", f"{PLAIN}/more", False),
    ],
)
def test_a_wrong_address_may_lead_to_the_registered_one(
    location: str, asked: str, *, same: bool
) -> None:
    assert leads_to_the_same(location, asked, PLAIN) is same
