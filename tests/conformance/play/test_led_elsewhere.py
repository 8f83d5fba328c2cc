"""A redirect to a place that the request named is a leak; one to the server's own page is none."""

from __future__ import annotations

import pytest

from tokenspec.conformance.login.model import AuthorizationResult, Ending
from tokenspec.conformance.play.answers import authorization_answer
from tokenspec.conformance.scenario.model import Answer

ASKED = "https://server.example/authorize?client_id=app&redirect_uri="


@pytest.mark.parametrize(
    ("redirect_uri", "location"),
    [
        ("https%3A%2F%2Fattacker.example%2Fcb", "https://attacker.example/cb?error=invalid_scope"),
        ("https%3A%2F%2FAttacker.example%2Fcb", "https://attacker.EXAMPLE/cb"),
        ("https%3A%2F%2Fattacker.example%3A8443%2Fcb", "https://attacker.example/cb"),
        ("https%3A%2F%2Fclient.example%40attacker.example%2F", "https://u@attacker.example/"),
        ("http%3A%2F%2F127.0.0.1%3A4001%2Fcb", "http://127.0.0.1:4001/cb"),
        ("com.example.app%3A%2Fcb", "com.example.app:/cb?error=access_denied"),
        ("https%3A%2F%2Fattacker.example%2Fcb", "https://[broken"),
    ],
)
def test_the_request_named_the_place(redirect_uri: str, location: str) -> None:
    ended = AuthorizationResult(Ending.ELSEWHERE, 302, location)
    answer = authorization_answer(ended, request=ASKED + redirect_uri, error_page_due=True)
    assert answer is Answer.ELSEWHERE


@pytest.mark.parametrize(
    "location",
    [
        "https://accounts.example/error?error=invalid_request",
        "http://127.0.0.1:3000/error?error=invalid_request",
        "http://[::1]:3000/error",
        "http://localhost:3000/error",
    ],
)
def test_a_page_of_the_server_at_an_origin_the_target_file_does_not_name(location: str) -> None:
    ended = AuthorizationResult(Ending.ELSEWHERE, 302, location)
    asked = ASKED + "http%3A%2F%2F127.0.0.1%3A4001%2Fcb%3Fat%3Dlocalhost%3A4001"
    due = authorization_answer(ended, request=asked, error_page_due=True)
    wanted = authorization_answer(ended, request=asked, error_page_due=False)
    assert (due, wanted) == (Answer.ERROR_PAGE, Answer.LOGIN_PAGE)
