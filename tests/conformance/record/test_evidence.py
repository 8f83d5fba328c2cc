from __future__ import annotations

import json

import jwt
from hypothesis import given
from hypothesis import strategies as st

from tokenspec.conformance.fuzz.documents import finished
from tokenspec.conformance.http import Request, Response
from tokenspec.conformance.play.player import play
from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.record.decoded import tokens
from tokenspec.conformance.record.evidence import evidence
from tokenspec.conformance.scenario.loader import load_document
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.vocabulary import vocabulary
from tokenspec.reference_server.demo import demo_config

ISSUER = "https://server.example"


def test_both_requests_of_a_nonce_round_are_shown_whole() -> None:
    setup = prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER))
    document = finished({"base": "code-exchange-dpop"})
    case = load_document(document, vocabulary(), area="generated").cases[0]
    transcript = play(setup.side, case.setting, case.steps)
    shown = [e for e in evidence(transcript, setup.redactor.for_play()) if e.step == "token"]
    assert [e.status for e in shown] == [400, 200]
    assert {e.url for e in shown} == {f"{ISSUER}/oauth/token"}
    assert all("grant_type=authorization_code" in e.request_body for e in shown)


def test_pages_on_the_way_to_a_code_are_not_shown() -> None:
    setup = prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER))
    case = load_document(finished({"base": "authorization"}), vocabulary(), area="generated").cases[
        0
    ]
    transcript = play(setup.side, case.setting, case.steps, own_sign_in=True)
    first, *later = evidence(transcript, setup.redactor.for_play())
    assert first.url.startswith(f"{ISSUER}/authorize?")
    assert later
    assert all("login page" in e.url and not e.request_body for e in later)


def an_answer(body: bytes, media_type: str = "application/json") -> Response:
    return Response(200, (("Content-Type", media_type),), body, 0.0)


def test_a_jwt_of_an_answer_is_shown_without_what_makes_it_work() -> None:
    redactor = prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER)).redactor.for_play()
    signed = jwt.encode({"iss": f"{ISSUER}/", "code": "s3cret-code-of-user"}, "k" * 32, "HS256")
    body = json.dumps({"id_token": signed, "access_token": "opaque"}).encode()
    request = Request("POST", f"{ISSUER}/oauth/token", (), b"client_assertion=eyJ.eyJ.x")
    shown = tokens(request, an_answer(body), redactor)
    assert shown["id_token"]["claims"]["iss"] == f"{ISSUER}/"
    assert shown["id_token"]["header"]["alg"] == "HS256"
    assert set(shown) == {"id_token"}
    assert "s3cret" not in str(shown)
    assert signed.rpartition(".")[2] not in str(shown)
    whole = tokens(request, an_answer(signed.encode(), "application/jwt"), redactor)
    assert whole["body"] == shown["id_token"]
    encrypted = f"{signed.partition('.')[0]}.a.b.c.d".encode()
    assert "claims" not in tokens(request, an_answer(encrypted), redactor)["body"]


@given(st.binary(max_size=60))
def test_no_answer_is_too_odd_for_it(odd: bytes) -> None:
    redactor = prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER)).redactor.for_play()
    request = Request("POST", f"{ISSUER}/oauth/token", (), b"client_assertion=" + odd)
    for body in (b"eyJ" + odd, b'{"id_token": "eyJ' + odd + b'"}', b"eyJ." + odd + b".x"):
        assert isinstance(tokens(request, an_answer(body), redactor), dict)
