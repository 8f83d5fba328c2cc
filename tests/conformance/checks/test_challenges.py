"""Challenges are read as RFC 9110 §11.6.1 writes them, however they are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenspec.conformance.challenges import Challenge, read_challenges
from tokenspec.conformance.checks import CHECKS, CheckContext
from tokenspec.conformance.http import Response
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.play.wire import wants_nonce
from tokenspec.conformance.scenario.model import Answer, Change, JwtChanges, Setting, Step, StepKind

ES256 = Challenge("dpop", (("algs", "ES256"),))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (['Bearer realm="a, b", error="invalid_token"'],
         [Challenge("bearer", (("realm", "a, b"), ("error", "invalid_token")))]),
        (["Bearer"], [Challenge("bearer")]),
        (['DPoP algs="ES256", Bearer realm=x'],
         [ES256, Challenge("bearer", (("realm", "x"),))]),
        (['Bearer, DPoP algs="ES256"'], [Challenge("bearer"), ES256]),
        (["Bearer", "DPoP algs=ES256"], [Challenge("bearer"), ES256]),
        ([r'Bearer realm="a \"b\" \\"'], [Challenge("bearer", (("realm", 'a "b" \\'),))]),
        (["Negotiate YWJj==, dpop ALGS = ES256"],
         [Challenge("negotiate", token68="YWJj=="), ES256]),
        (['Bearer realm="a DPoP b=c"'], [Challenge("bearer", (("realm", "a DPoP b=c"),))]),
        (['Bearer realm="x" error="y"'],
         [Challenge("bearer", (("realm", "x"), ("error", "y")))]),
        ([",, ,Bearer ,"], [Challenge("bearer")]),
        (['realm="of nothing", DPoP algs=ES256'], [ES256]),
        (["=;, DPoP algs=ES256"], [ES256]),
        ([], []),
    ],
)  # fmt: skip
def test_challenges_are_read_as_http_writes_them(
    values: list[str], expected: list[Challenge]
) -> None:
    assert list(read_challenges(values)) == expected


TOKENS = st.text("abcXYZ09!#$%&'*+.^_`|~-", min_size=1, max_size=8)
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
SPACES = st.sampled_from(["", " ", "\t", "  "])
CHALLENGES = st.builds(
    Challenge,
    TOKENS.map(str.lower),
    st.lists(st.tuples(TOKENS.map(str.lower), TOKENS | TEXTS), max_size=3).map(tuple),
)


def quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written(challenge: Challenge, draw: Callable[..., Any]) -> str:
    """A challenge in one of its spellings."""
    capitals = draw(st.booleans())
    parameters = []
    for name, value in challenge.parameters:
        bare = value and all(c in "abcXYZ09!#$%&'*+.^_`|~-" for c in value) and draw(st.booleans())
        equals = f"{draw(SPACES)}={draw(SPACES)}"
        shown = name.upper() if capitals else name
        parameters.append(f"{shown}{equals}{value if bare else quoted(value)}")
    scheme = challenge.scheme.upper() if capitals else challenge.scheme
    return f"{scheme} {f'{draw(SPACES)},{draw(SPACES)}'.join(parameters)}".rstrip()


@given(st.lists(CHALLENGES, min_size=1, max_size=4), st.data())
def test_every_spelling_of_a_list_is_read_as_the_same_list(
    challenges: list[Challenge], data: st.DataObject
) -> None:
    lines: list[str] = []
    for challenge in challenges:
        text = written(challenge, data.draw)
        if lines and data.draw(st.booleans()):
            lines[-1] += f"{data.draw(SPACES)},{data.draw(SPACES)}{text}"
        else:
            lines.append(text)
    assert list(read_challenges(lines)) == challenges


@given(st.lists(TOKENS.map(str.lower), min_size=1), st.text("azAZ09-._~+/", min_size=1))
def test_a_token68_belongs_to_its_scheme(schemes: list[str], token68: str) -> None:
    shown = ", ".join(f"{scheme} {token68}==" for scheme in schemes)
    expected = [Challenge(scheme, token68=f"{token68}==") for scheme in schemes]
    assert list(read_challenges([shown])) == expected


@given(st.lists(st.text()))
def test_nothing_upsets_the_reader(values: list[str]) -> None:
    for challenge in read_challenges(values):
        assert challenge.scheme


def test_a_long_header_is_read_in_no_time() -> None:
    assert len(read_challenges(['x="' * 100_000, "a " * 100_000, '"\\' * 100_000])) > 1


def problems(check: str, *values: str) -> str:
    headers = tuple(("WWW-Authenticate", value) for value in values)
    played = Played(
        Step(StepKind.USERINFO, "userinfo"), Answer.REFUSED, response=Response(401, headers)
    )
    transcript = Transcript(Setting(), "app", "https://as.example", (played,))
    context = CheckContext("https://as.example")
    return "; ".join(CHECKS[check].look(played, transcript, context) or ())


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        ("challenge-dpop", ["Bearer", "DPoP"], ['Bearer realm="DPoP"']),
        ("challenge-dpop-absent", ['Bearer realm="DPoP"'], ["Bearer, dpop"]),
        ("challenge-dpop-error", ['DPoP algs=ES256, error="x"'], ["DPoP", "Bearer error=x"]),
        ("challenge-dpop-error", ["Bearer"], ['DPoP error=""']),
        ("challenge-dpop-algs", ["DPoP algs=ES256"], ["DPoP"]),
        ("challenge-dpop-algs", ['DPoP algs="PS256 ES256"'], ['DPoP algs="ES256K PS256"']),
        ("challenge-dpop-algs", ["Bearer"], ["DPoP, Bearer algs=ES256"]),
        ("challenge-dpop-nonce", ["DPoP error=use_dpop_nonce"], ["Bearer error=use_dpop_nonce"]),
        ("challenge-dpop-nonce", ['Bearer, DPoP error="use_dpop_nonce"'], ["DPoP"]),
        ("challenge-of-one-scheme", ["DPoP", "DPoP"], ["DPoP", "Bearer"]),
        ("challenges-without-error", ["Bearer", "DPoP algs=ES256"], ["Bearer", "DPoP error=x"]),
        ("challenges-without-error", ["Basic error=x"], ["Bearer error_description=x, DPoP"]),
    ],
)
def test_a_check_looks_at_the_challenge_it_is_about(
    check: str, good: list[str], bad: list[str]
) -> None:
    assert not problems(check, *good)
    assert problems(check, *bad)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["Bearer", "DPoP error=use_dpop_nonce"], True),
        (['DPoP error="use_dpop_nonce"'], True),
        (['DPoP error="invalid_token", error_description="not use_dpop_nonce"'], False),
        ([], False),
    ],
)
def test_a_nonce_is_asked_for_in_a_challenge(values: list[str], *, wanted: bool) -> None:
    challenges = tuple(("WWW-Authenticate", value) for value in values)
    response = Response(401, (("DPoP-Nonce", "n"), *challenges))
    assert wants_nonce(response, JwtChanges()) is wanted
    assert not wants_nonce(response, JwtChanges(reuse=True))
    assert not wants_nonce(response, JwtChanges(claims={"nonce": Change("omit")}))
