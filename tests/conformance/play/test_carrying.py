"""Requests and credentials mean the same however they are written down, and errors are read."""

from __future__ import annotations

import base64
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.scenario.test_operators import Play
from tokenspec.conformance.checks import CHECKS, CheckContext
from tokenspec.conformance.oauth.client_authentication import AssertionInputs, credentials
from tokenspec.conformance.oauth.keys import generate_key
from tokenspec.conformance.play.requests import carry, in_a_header
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.scenario.edits import InapplicableError
from tokenspec.conformance.scenario.model import (
    Answer,
    ClientAuthChanges,
    HttpChanges,
    Setting,
    Step,
    StepKind,
)
from tokenspec.conformance.target.model import Client

KEY = generate_key()
texts = st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs", "Zl", "Zp"]))
secrets = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1)


@given(st.dictionaries(st.sampled_from(["code", "scope", "resource"]), texts, min_size=1))
def test_a_form_is_the_same_in_lower_case_and_in_parts(sent: dict[str, str]) -> None:
    parameters = {name: (value,) for name, value in sent.items()}
    lower = carry(parameters, HttpChanges(encoding="form-lower-case"))[2].decode()
    assert dict(parse_qsl(lower, keep_blank_values=True)) == sent
    _, content_type, body = carry(parameters, HttpChanges(encoding="multipart"))
    read = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    parts: Any = read.get_payload()
    names = [part.get_param("name", header="Content-Disposition") for part in parts]
    values = [part.get_payload(decode=True).decode() for part in parts]
    assert dict(zip(names, values, strict=True)) == sent


def test_raw_bytes_go_into_a_form_and_not_into_json() -> None:
    parameters = {"code": (b"\xff",)}
    assert carry(parameters, HttpChanges())[2] == b"code=%FF"
    assert b"\r\n\r\n\xff\r\n" in carry(parameters, HttpChanges(encoding="multipart"))[2]
    with pytest.raises(InapplicableError, match="code is raw bytes"):
        carry(parameters, HttpChanges(encoding="json"))
    with pytest.raises(InapplicableError, match="header"):
        in_a_header(b"\xff")


@given(secrets, st.sampled_from(["", "lower-case"]))
def test_basic_credentials_are_read_back_in_either_spelling(secret: str, encoding: str) -> None:
    client = Client("an id", auth="client_secret_basic", secret=secret)
    inputs = AssertionInputs("https://server.example", 0, "jti", KEY)
    shown = credentials(client, ClientAuthChanges(encoding=encoding), inputs, Play())
    pair = base64.b64decode(shown.authorization.removeprefix("Basic ")).decode()
    user, _, rest = pair.partition(":")
    assert (unquote_plus(user), unquote_plus(rest)) == ("an id", secret)
    assert not encoding or "+" not in pair


@pytest.mark.parametrize(
    ("received", "found"),
    [
        ({"error": "invalid_grant"}, ""),
        ({"error": "invalid_grant", "error_description": "no", "error_uri": None}, ""),
        ({"error": "invalid_grant", "error_description": {"text": "no"}}, "error_description"),
        ({"error": "invalid_grant", "error_uri": ["https://server.example"]}, "error_uri"),
    ],
)
def test_what_an_error_says_is_text(received: dict[str, Any], found: str) -> None:
    step = Step(StepKind.TOKEN, "token")
    played = Played(step, Answer.REFUSED, received=received)
    transcript = Transcript(Setting(), "app", "https://server.example", (played,))
    look = CHECKS["error-texts"].look
    seen = "; ".join(look(played, transcript, CheckContext("https://server.example")) or ())
    assert found in seen
    assert bool(seen) is bool(found)
