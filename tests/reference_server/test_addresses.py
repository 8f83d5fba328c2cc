"""Addresses are compared by meaning, and only then."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenspec.reference_server.addresses import normal_address

TOKEN = "https://as.example/oauth/token"


@pytest.mark.parametrize(
    "same",
    [
        TOKEN,
        "HTTPS://AS.Example/oauth/token",
        "https://as.example:443/oauth/token",
        "https://as.example:/oauth/token",
        "https://as.example:0443/oauth/token",
        TOKEN + "?x=1",
        TOKEN + "#x",
        TOKEN + "?#",
        "https://as.example/oauth/%74oken",
        "https://as.example/./oauth/x/../token",
    ],
)
def test_another_spelling_of_the_same_place(same: str) -> None:
    assert normal_address(same) == normal_address(TOKEN)


@pytest.mark.parametrize(
    "other",
    [
        "http://as.example/oauth/token",
        "https://as.example:8443/oauth/token",
        "https://as.example:0/oauth/token",
        "https://as.example/oauth/Token",
        "https://as.example/oauth%2Ftoken",
        "https://as.example/oauth/token/",
        "https://as.example/oauth/token;x",
        "https://as.example/oauth/token/..",
    ],
)
def test_another_place(other: str) -> None:
    assert normal_address(other)
    assert normal_address(other) != normal_address(TOKEN)


@pytest.mark.parametrize(
    "text",
    [
        "", "token", "/oauth/token", "//as.example/oauth/token", " " + TOKEN, TOKEN + "\n",
        "https://user@as.example/oauth/token", "https://as.exa\tmple/oauth/token",
        "https://as.example\\oauth/token", "https:///oauth/token", "https://as.example:x/",
        "https://[::1/oauth/token", "ftp://as.example/", "https://as.example/oauth/to\u212aen",
    ],
)  # fmt: skip
def test_no_web_address(text: str) -> None:
    assert normal_address(text) == ()


def test_an_ipv6_address_and_an_empty_path() -> None:
    assert normal_address("http://[::1]:8080") == ("http", "[::1]", "8080", "/")


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    assert len(normal_address(text)) in {0, 4}


@given(st.text(alphabet="aB./%2eE~", max_size=20))
def test_the_normal_form_is_final(path: str) -> None:
    once = normal_address(f"https://as.example/{path}")
    assert normal_address(f"https://as.example{once[3]}") == once
