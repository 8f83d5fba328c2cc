"""Servers with one trait each, and what is said of it: once, and for what it is."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.conformance.preflight.odd import (
    AUTHORIZE,
    TOKEN,
    Odd,
    Serve,
    path_of,
    preflight,
    prepared,
    refusal,
)
from tests.conformance.selftest.altered import keyed
from tokenspec.conformance.preflight.made_up_code import CODE
from tokenspec.conformance.preflight.sequence import make_usable
from tokenspec.conformance.record.evidence import no_evidence
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.verdicts import Kind, Verdict
from tokenspec.reference_server import Request, Response

REVOKE, LONG = "/oauth/revoke", 500
STATE, OF_EVERY_KIND, LONG_STATE = STATES = (
    "authorization-response/state",
    "authorization-response-place/state-of-every-kind",
    "authorization-response-place/long-state",
)


def found(odd: Odd, *keys: str) -> dict[str, Finding]:
    """What is said of these cases, those that look at every answer last."""
    setup, _ = make_usable(prepared(odd))
    cases = sorted(keyed(*keys), key=lambda case: case.every_response)
    examiner = Examiner(setup, cases, show=no_evidence)
    played = [(case, examiner.play(case)) for case in cases]
    return {case.key: examiner.conclude(case, finding) for case, finding in played}


def verdicts(findings: dict[str, Finding]) -> dict[str, Verdict]:
    return {key: finding.verdict for key, finding in findings.items()}


def form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode()))


def without_state(longer_than: int) -> Odd:
    """Answers without the state, where it is so long."""

    def odd(request: Request, serve: Serve) -> Response:
        answer = serve(request)
        location = dict(answer.headers).get("Location", "")
        address, _, query = location.partition("?")
        pairs = parse_qsl(query)
        state = dict(pairs).get("state", "")
        if "code" not in dict(pairs) or len(state) <= longer_than:
            return answer
        kept = urlencode([(name, value) for name, value in pairs if name != "state"])
        others = tuple(pair for pair in answer.headers if pair[0].lower() != "location")
        return replace(answer, headers=(*others, ("Location", f"{address}?{kept}")))

    return odd


def test_a_refusal_that_revokes_is_told_as_one() -> None:
    right: list[str] = []

    def odd(request: Request, serve: Serve) -> Response:
        answer = serve(request)
        if path_of(request) == REVOKE and request.header("Authorization"):
            if answer.status < 400:
                right.append(request.header("Authorization"))
            else:
                headers = tuple(p for p in request.headers if p[0].lower() != "authorization")
                headers = (*headers, ("Authorization", right[-1]))
                assert serve(replace(request, headers=headers)).status < 400
        return answer

    (finding,) = found(odd, "revocation-refused/wrong-secret").values()
    assert (finding.verdict, finding.kind, finding.step) == (Verdict.FAIL, Kind.REFUSED, "refresh")
    assert "revoked all the same" in finding.note


def test_an_unfit_answer_where_nothing_was_revoked_is_a_warning() -> None:
    def odd(request: Request, serve: Serve) -> Response:
        answer = serve(request)
        return Response(200) if path_of(request) == REVOKE and answer.status >= 400 else answer

    (finding,) = found(odd, "revocation-refused/wrong-secret").values()
    assert (finding.verdict, finding.step) == (Verdict.WARN, "revoke")
    assert "nothing was revoked" in finding.note


def test_a_server_that_takes_no_hints_is_told_so_once() -> None:
    def odd(request: Request, serve: Serve) -> Response:
        hinted = path_of(request) == REVOKE and "token_type_hint" in form(request)
        return refusal("invalid_request") if hinted else serve(request)

    keys = [f"revocation/{name}-hint" for name in ("right", "wrong", "unknown")]
    said = verdicts(found(odd, *keys))
    assert [said[key] for key in keys] == [
        Verdict.FAIL,
        Verdict.COULD_NOT_RUN,
        Verdict.COULD_NOT_RUN,
    ]


@pytest.mark.parametrize(
    ("longer_than", "expected"),
    [
        (0, (Verdict.FAIL, Verdict.NOT_APPLICABLE, Verdict.NOT_APPLICABLE)),
        (LONG, (Verdict.PASS, Verdict.PASS, Verdict.FAIL)),
    ],
)
def test_a_state_that_is_lost_is_one_finding(
    longer_than: int, expected: tuple[Verdict, ...]
) -> None:
    said = verdicts(found(without_state(longer_than), *STATES))
    assert tuple(said[key] for key in STATES) == expected


def test_a_server_that_passes_over_prompt_none_is_not_blamed_for_its_hints() -> None:
    def odd(request: Request, serve: Serve) -> Response:
        asked = dict(request.query)
        if path_of(request) != AUTHORIZE or asked.pop("prompt", "") != "none":
            return serve(request)
        url = urlsplit(request.url)._replace(query=urlencode(asked)).geturl()
        kept = tuple(pair for pair in request.headers if pair[0].lower() != "cookie")
        return serve(replace(request, url=url, headers=kept))

    hints = ("id-token-hint/own", "id-token-hint/tampered", "id-token-hint-believed/tampered")
    said = verdicts(found(odd, "silent-authentication/with-session", *hints))
    assert said.pop("silent-authentication/with-session") is Verdict.WARN
    assert set(said.values()) == {Verdict.COULD_NOT_RUN}


def test_tokens_for_a_code_that_nobody_issued_are_told_as_such() -> None:
    def odd(request: Request, serve: Serve) -> Response:
        if path_of(request) != TOKEN or form(request).get("code") != CODE:
            return serve(request)
        tokens = {"access_token": "for-anybody", "token_type": "Bearer"}
        headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
        return Response(200, headers, json.dumps(tokens).encode())

    _, steps = preflight(odd)
    (step,) = (step for step in steps if step.name == "client auth")
    assert "200 with an access token, though nobody issued it" in step.detail
