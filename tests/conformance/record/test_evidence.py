from __future__ import annotations

from tokenspec.conformance.fuzz.documents import finished
from tokenspec.conformance.play.player import play
from tokenspec.conformance.preflight.opening import prepare_in_process
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
