"""Where a scope can be seen that nobody was told of, and where what is missing says nothing."""

from __future__ import annotations

import jwt
import pytest

from tokenspec.conformance.checks import CHECKS, CheckContext
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.scenario.model import Answer, Setting, Step, StepKind

KEY = "a key that is long enough for its hash"


def problems(
    *, asked: str, told: dict[str, str], callback: dict[str, str], introspected: str | None
) -> list[str]:
    steps = [
        played(StepKind.AUTHORIZE, callback, sent={"scope": (asked,)}),
        played(StepKind.TOKEN, {"access_token": "opaque", **told}),
    ]
    if introspected is not None:
        steps.append(played(StepKind.INTROSPECT, {"active": True, "scope": introspected}))
    transcript = Transcript(Setting(), "app", "https://as.example", tuple(steps))
    look = CHECKS["scope-told-if-different"].look
    return list(look(steps[-1], transcript, CheckContext("https://as.example")))


def played(
    kind: StepKind, received: dict[str, object], sent: dict[str, tuple[str, ...]] | None = None
) -> Played:
    return Played(Step(kind, str(kind)), Answer.GRANTED, sent=sent or {}, received=received)


@pytest.mark.parametrize(
    ("callback", "introspected", "found"),
    [
        ({}, None, False),
        ({"scope": "openid profile"}, None, True),
        ({"scope": "openid"}, None, False),
        ({}, "openid profile", True),
        ({}, "openid", False),
        ({}, "", False),  # RFC 7662 §2.2: a caller may be told less
    ],
)
def test_more_than_was_asked_for_has_to_be_told(
    callback: dict[str, str], introspected: str | None, *, found: bool
) -> None:
    """RFC 6749 §5.1: scope is REQUIRED where it differs, in the token response."""
    silent = problems(asked="openid", told={}, callback=callback, introspected=introspected)
    assert bool(silent) is found
    told = {"scope": "openid profile"}
    assert not problems(asked="openid", told=told, callback=callback, introspected=introspected)


def test_a_word_that_no_server_knows_is_missed_and_others_are_not() -> None:
    asked = "openid email tokenspec-unknown"
    assert problems(asked=asked, told={}, callback={}, introspected="openid email")
    assert not problems(asked=asked, told={}, callback={}, introspected=asked)
    assert not problems(asked="openid email", told={}, callback={}, introspected="email")


def test_the_token_itself_shows_its_scope() -> None:
    token = jwt.encode({"scope": "openid admin"}, KEY)
    told = {"access_token": token}
    assert problems(asked="openid", told=told, callback={}, introspected=None)
    told = {"access_token": token, "scope": "openid admin"}
    assert not problems(asked="openid", told=told, callback={}, introspected=None)
