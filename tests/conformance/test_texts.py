"""Only what is text is quoted, and nothing of it steers."""

from __future__ import annotations

import gzip
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenspec.conformance.login.pages import NO_TEXT, words_of
from tokenspec.conformance.record.redaction import Redactor
from tokenspec.conformance.texts import MARK, differing, harmless, legible

KEY = b"k" * 32


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sign in",
        "Déjà connecté : l’accès est refusé",
        "ログイン画面",
        "تسجيل الدخول",
        "two\nlines\tand a tab",
        "no\N{NO-BREAK SPACE}break",
        "caf\ufffd au lait",  # a page in another encoding than the one it says
    ],
)
def test_what_people_can_read_is_quoted_as_it_is(text: str) -> None:
    assert legible(text) == text


@pytest.mark.parametrize("seed", range(20))
def test_compressed_and_random_bytes_are_no_text(seed: int) -> None:
    noise = random.Random(seed).randbytes(2_000)
    for body in (noise, gzip.compress(noise), bytes(2_000)):
        assert legible(body.decode("utf-8", "replace")) == ""
        assert words_of(body.decode("utf-8", "replace")) == NO_TEXT
        shown = Redactor(KEY, ()).body(body, "text/html")
        assert shown == f"({len(body)} bytes that are not text)"


def test_an_odd_sign_in_a_text_is_marked() -> None:
    assert legible("sign in\u0378 here") == f"sign in{MARK} here"  # no character is there
    assert words_of("<p>sign in\ue000 here</p>") == f"sign in{MARK} here"  # a private one


def test_lines_that_end_as_on_the_wire_are_lines() -> None:
    assert harmless("a\r\nb\rc") == f"a\nb{MARK}c"
    assert words_of("<h1>Sign in</h1>\r\n<p>or\r\nnot") == "Sign in or not"


@given(st.text())
def test_whatever_it_was_can_be_shown(text: str) -> None:
    shown = legible(text)
    assert all(sign.isprintable() or sign.isspace() for sign in shown)
    assert harmless(shown) == shown
    assert legible(shown) == shown


def test_a_secret_that_came_back_in_another_parameter_is_shown_as_one() -> None:
    """Its fingerprint is legible in an address, whatever else there is percent-encoded."""
    redactor = Redactor(KEY, ())
    shown = redactor.learn("code", "a-code-of-some-length")
    address = "https://client.example/?state=%3Ca-code-of-some-length%3E"
    assert redactor.url(address) == f"https://client.example/?state=%3C{shown}%3E"


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("https://a.example/", ", but for a slash at the end"),
        ("https://A.example", ", but for the case of letters"),
        ("https://a.example?x=1", ", but for a query"),
        ("https://b.example", "'https://b.example' in place of 'https://a.example'"),
        (["https://a.example"], "place of 'https://a.example'"),
    ],
)
def test_a_small_difference_is_named(shown: object, said: str) -> None:
    assert differing(shown, "https://a.example").endswith(said)


def test_a_long_value_is_cut() -> None:
    assert len(differing("x" * 9999, "y")) < 300
