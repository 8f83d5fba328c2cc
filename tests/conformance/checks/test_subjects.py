"""A check is made on the answers it speaks of, and on no other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tokenspec.conformance.checks import CHECKS, CheckContext
from tokenspec.conformance.checks.subjects import Subject, is_about
from tokenspec.conformance.http import Exchange, Request, Response
from tokenspec.conformance.login.model import AuthorizationResult, Ending
from tokenspec.conformance.oauth.keys import base64url
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import (
    Answer,
    Case,
    Changes,
    HttpChanges,
    Outcome,
    Setting,
    Step,
    StepKind,
)

ISSUER, CALLBACK = "https://as.example", "https://app.example/callback"
BEARER, DPOP = ("WWW-Authenticate", "Bearer"), ("WWW-Authenticate", "DPoP")
NONCE, HTML = ("DPoP-Nonce", "a b"), ("Content-Type", "text/html")
AS_JSON = ("Content-Type", "application/json;charset=utf-8")
ORIGIN = ("Origin", "https://app.example")
A_JWT = "not.believed.here"


def jwt_of(**claims: Any) -> str:
    """A JWT with these claims, signed by nobody."""
    header, body = ({"alg": "none"}, claims)
    parts = (base64url(json.dumps(part).encode()) for part in (header, body))
    return ".".join((*parts, ""))


def answer(
    kind: StepKind,
    given: Answer,
    status: int,
    *headers: tuple[str, str],
    method: str = "",
    received: Mapping[str, Any] | None = None,
    asked: tuple[tuple[str, str], ...] = (),
) -> Played:
    """An answer to a request that carried state and challenge, and ends in nothing good."""
    changes = Changes(http=HttpChanges(method=method)) if method else Changes()
    response = Response(status, headers, b"<p>Oops</p>")
    exchange = Exchange(Request(method or "POST", f"{ISSUER}/x", asked), response)
    return Played(
        Step(kind, str(kind), changes),
        given,
        sent={"state": ("s",), "code": ("the code that was sent",)},
        received=received or {},
        response=response,
        exchanges=(exchange,),
    )


def callback(given: Answer, **received: str) -> Played:
    result = AuthorizationResult(Ending.CALLBACK, 0, f"{CALLBACK}?x=1", received)
    sent = {"state": ("sent",), "response_type": ("code",)}
    step = Step(StepKind.AUTHORIZE, "authorize")
    return Played(step, given, sent=sent, received=received, authorization=result)


def page(given: Answer, ending: Ending, status: int) -> Played:
    result = AuthorizationResult(ending, status, page="")
    return Played(Step(StepKind.AUTHORIZE, "authorize"), given, authorization=result)


GRANTED, REFUSED = Answer.GRANTED, Answer.REFUSED
TOKENS = {"access_token": "x", "token_type": "Bearer"}
ANSWERS: dict[str, tuple[Played, set[Subject]]] = {
    "tokens": (
        answer(StepKind.TOKEN, GRANTED, 200, received=TOKENS),
        {Subject.TOKENS},
    ),
    "tokens of a refresh, with an ID token, a JWT and a nonce": (
        answer(
            StepKind.REFRESH, GRANTED, 200, NONCE,
            received=TOKENS | {"access_token": A_JWT, "id_token": A_JWT},
        ),
        {Subject.TOKENS, Subject.ID_TOKEN, Subject.JWT_ACCESS_TOKEN, Subject.NONCE},
    ),
    "an ID token that says when the user signed in": (
        answer(
            StepKind.TOKEN, GRANTED, 200, received=TOKENS | {"id_token": jwt_of(auth_time=1, iat=2)}
        ),
        {Subject.TOKENS, Subject.ID_TOKEN, Subject.LOGIN_TIME},
    ),
    "an error": (
        answer(StepKind.TOKEN, REFUSED, 400, received={"error": "invalid_grant"}),
        {Subject.ERROR, Subject.REFUSAL},
    ),
    "a demand for a nonce": (
        answer(StepKind.TOKEN, REFUSED, 400, received={"error": "use_dpop_nonce"}),
        {Subject.ERROR, Subject.REFUSAL, Subject.NONCE_DEMAND},
    ),
    "an error with the status of a success": (
        answer(StepKind.TOKEN, REFUSED, 200, received={"error": "invalid_grant"}),
        {Subject.ERROR, Subject.REFUSAL},
    ),
    "an error with a status of its own": (
        answer(StepKind.TOKEN, REFUSED, 403, received={"error": "invalid_grant"}),
        {Subject.ERROR, Subject.REFUSAL},
    ),
    "the 404 of a GET": (
        answer(StepKind.TOKEN, REFUSED, 404, HTML, method="GET"),
        {Subject.REFUSAL},
    ),
    "the 404 of a GET, in JSON": (
        answer(StepKind.TOKEN, REFUSED, 404, method="GET", received={"error": "Not Found"}),
        {Subject.REFUSAL},
    ),
    "the 415 of a framework": (
        answer(StepKind.TOKEN, REFUSED, 415, HTML),
        {Subject.REFUSAL},
    ),
    "a crash": (
        answer(StepKind.TOKEN, Answer.SERVER_ERROR, 500, HTML),
        set(),
    ),
    "the crash of a preflight": (
        answer(StepKind.TOKEN, Answer.SERVER_ERROR, 500, HTML, method="OPTIONS", asked=(ORIGIN,)),
        {Subject.CROSS_ORIGIN},
    ),
    "a preflight": (
        answer(StepKind.TOKEN, GRANTED, 204, HTML, method="OPTIONS", asked=(ORIGIN,)),
        {Subject.CROSS_ORIGIN},
    ),
    "a code": (
        callback(GRANTED, code="c"),
        {Subject.CALLBACK, Subject.PAGES},
    ),
    "an error in the callback": (
        callback(REFUSED, error="access_denied"),
        {Subject.CALLBACK_ERROR, Subject.PAGES},
    ),
    "an error page": (
        page(Answer.ERROR_PAGE, Ending.ERROR_PAGE, 400),
        {Subject.PAGES},
    ),
    "a page to sign in": (
        page(Answer.LOGIN_PAGE, Ending.LOGIN_PAGE, 200),
        {Subject.PAGES},
    ),
    "claims": (
        answer(StepKind.USERINFO, GRANTED, 200, received={"sub": ""}),
        {Subject.CLAIMS},
    ),
    "the preflight of userinfo": (
        answer(StepKind.USERINFO, GRANTED, 204, method="OPTIONS", asked=(ORIGIN,)),
        {Subject.CROSS_ORIGIN},
    ),
    "a refusal without challenge": (
        answer(StepKind.USERINFO, REFUSED, 401),
        {Subject.RESOURCE_REFUSAL},
    ),
    "a refusal with a challenge": (
        answer(StepKind.USERINFO, REFUSED, 401, BEARER),
        {Subject.RESOURCE_REFUSAL, Subject.BEARER_CHALLENGE},
    ),
    "a refusal with a challenge for DPoP": (
        answer(StepKind.USERINFO, REFUSED, 401, DPOP),
        {Subject.RESOURCE_REFUSAL, Subject.DPOP_CHALLENGE},
    ),
    "an introspection": (
        answer(StepKind.INTROSPECT, GRANTED, 200, received={"active": False, "sub": 7}),
        {Subject.INTROSPECTION},
    ),
    "an introspection that is refused": (
        answer(StepKind.INTROSPECT, REFUSED, 401, received={"error": "invalid_client"}),
        set(),
    ),
    "a revocation": (
        answer(StepKind.REVOKE, GRANTED, 200),
        {Subject.REVOCATION},
    ),
    "a pushed request": (
        answer(StepKind.PUSH, GRANTED, 201),
        {Subject.PUSHED},
    ),
    "a pushed request that is refused": (
        answer(StepKind.PUSH, REFUSED, 400),
        {Subject.PUSHED_ERROR},
    ),
    "a logout": (
        answer(StepKind.LOGOUT, GRANTED, 200),
        {Subject.LOGOUT},
    ),
    "a logout that is refused": (
        answer(StepKind.LOGOUT, REFUSED, 400, HTML),
        set(),
    ),
    "metadata": (
        answer(StepKind.METADATA, GRANTED, 200, received={"issuer": 7, "x": []}),
        {Subject.METADATA},
    ),
    "metadata that says it is JSON": (
        answer(StepKind.METADATA, GRANTED, 200, AS_JSON, received={"issuer": 7}),
        {Subject.METADATA, Subject.JSON},
    ),
    "the 404 of metadata": (
        answer(StepKind.METADATA, REFUSED, 404, HTML),
        set(),
    ),
    "a key set": (
        answer(StepKind.JWKS, GRANTED, 200, received={"keys": [{"d": "private"}]}),
        {Subject.KEY_SET},
    ),
    "the 404 of a key set": (
        answer(StepKind.JWKS, REFUSED, 404, received={"error": "Not Found"}),
        set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_known_for_what_it_is(name: str) -> None:
    played, expected = ANSWERS[name]
    assert {subject for subject in Subject if is_about(played, subject)} == expected


@pytest.mark.parametrize("name", CHECKS)
def test_no_check_is_made_on_an_answer_of_another_kind(name: str) -> None:
    looked_at = []
    for shown, (played, subjects) in ANSWERS.items():
        transcript = Transcript(Setting(), "app", ISSUER, (played,))
        found = CHECKS[name].look(played, transcript, CheckContext(ISSUER))
        spoken_of = bool(subjects & set(CHECKS[name].speaks_of))
        assert (found is not None) is spoken_of, shown
        looked_at += [shown] * spoken_of
    assert looked_at, "each check is made on one of these answers"


def test_the_rule_of_an_error_is_not_held_against_a_success_nor_the_reverse() -> None:
    success, _ = ANSWERS["a code"]  # neither has the state that was sent
    error, _ = ANSWERS["an error in the callback"]
    found = {
        (name, shown.answer): CHECKS[name].look(
            shown, Transcript(Setting(), "app", ISSUER, (shown,)), CheckContext(ISSUER)
        )
        for name in ("state-echoed", "state-in-error")
        for shown in (success, error)
    }
    assert found == {
        ("state-echoed", GRANTED): ("state is missing",),
        ("state-echoed", REFUSED): None,
        ("state-in-error", GRANTED): None,
        ("state-in-error", REFUSED): ("state is missing",),
    }


ALWAYS = {  # what a step with an answer of that class may be, beside what only its content can tell
    (StepKind.AUTHORIZE, Answer.GRANTED): {Subject.CALLBACK, Subject.PAGES, Subject.CROSS_ORIGIN},
    (StepKind.AUTHORIZE, Answer.REFUSED): {
        Subject.CALLBACK_ERROR, Subject.PAGES, Subject.CROSS_ORIGIN,
    },
    (StepKind.AUTHORIZE, Answer.LOGIN_PAGE): {Subject.PAGES},
    (StepKind.AUTHORIZE, Answer.ERROR_PAGE): {Subject.PAGES},
    (StepKind.LOGOUT, Answer.GRANTED): {Subject.LOGOUT, Subject.CROSS_ORIGIN},
    (StepKind.PUSH, Answer.GRANTED): {Subject.PUSHED, Subject.CROSS_ORIGIN},
    (StepKind.PUSH, Answer.REFUSED): {Subject.PUSHED_ERROR, Subject.CROSS_ORIGIN},
    (StepKind.METADATA, Answer.GRANTED): {Subject.METADATA, Subject.CROSS_ORIGIN},
    (StepKind.JWKS, Answer.GRANTED): {Subject.KEY_SET, Subject.CROSS_ORIGIN},
    (StepKind.INTROSPECT, Answer.GRANTED): {Subject.INTROSPECTION, Subject.CROSS_ORIGIN},
    (StepKind.REVOKE, Answer.GRANTED): {Subject.REVOCATION, Subject.CROSS_ORIGIN},
    (StepKind.USERINFO, Answer.GRANTED): {Subject.CLAIMS, Subject.NONCE, Subject.CROSS_ORIGIN},
    (StepKind.USERINFO, Answer.REFUSED): {
        Subject.RESOURCE_REFUSAL, Subject.BEARER_CHALLENGE, Subject.DPOP_CHALLENGE,
        Subject.NONCE, Subject.CROSS_ORIGIN,
    },
}  # fmt: skip
AT_TOKEN_ENDPOINT = {
    Answer.GRANTED: {
        Subject.TOKENS, Subject.ID_TOKEN, Subject.LOGIN_TIME, Subject.JWT_ACCESS_TOKEN,
        Subject.NONCE, Subject.CROSS_ORIGIN,
    },
    Answer.REFUSED: {Subject.ERROR, Subject.REFUSAL, Subject.NONCE, Subject.CROSS_ORIGIN},
}  # fmt: skip


def asked() -> list[tuple[Case, Step, Outcome, str]]:
    return [
        (case, step, outcome, name)
        for case in whole_suite()
        for step in case.steps
        for outcome in step.expect
        for name in outcome.checks
    ]


EVERYWHERE = {Subject.JSON, Subject.NONCE_DEMAND}  # as other answers of a run show


def test_every_check_that_a_scenario_asks_for_speaks_of_the_answer_it_stands_on() -> None:
    for case, step, outcome, name in asked():
        may_be = ALWAYS.get((step.kind, outcome.answer)) or AT_TOKEN_ENDPOINT[outcome.answer]
        may_be = may_be | EVERYWHERE if case.every_response else may_be
        assert set(CHECKS[name].speaks_of) & may_be, f"{case.key} asks for {name}"
