"""What a request of a sequence sends where its scenario says nothing: what was received last."""

from __future__ import annotations

from tokenspec.conformance.fuzz.documents import Document, finished
from tokenspec.conformance.play.player import play
from tokenspec.conformance.play.transcript import Transcript
from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.scenario.loader import load_document
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.vocabulary import vocabulary
from tokenspec.reference_server.demo import demo_config

ISSUER = "https://server.example"


def played(*then: Document) -> Transcript:
    """A code exchange and what follows, at the reference server."""
    document = finished(
        {"base": "code-exchange", "then": [{**s, "expect": "oracle"} for s in then]}
    )
    (case,) = load_document(document, vocabulary(), area="made").cases
    setup = prepare_in_process(bundled_target(ISSUER), demo_config(ISSUER), ())
    return play(setup.side, case.setting, case.steps, own_sign_in=True)


def test_after_a_refresh_with_something_else_the_newest_refresh_token_is_sent() -> None:
    wrong = {"refresh": {"refresh_token": {"change_last": 1}}}
    first, second = [
        step for step in played(wrong, {"refresh": {}}).steps if step.step.kind == "refresh"
    ]
    assert first.sent["refresh_token"] != second.sent["refresh_token"]
    assert second.answer == "granted"


def test_redirect_uri_is_the_one_sent_with_the_code() -> None:
    """RFC 6749 §4.1.3: it is sent where the authorization request of this code had it."""
    another = {"authorize": {"redirect_uri": {"registered": "other"}}}
    refused = {"authorize": {"redirect_uri": "https://attacker.example/"}}
    steps = {step.step.name: step for step in played(another, refused, {"token": {}}).steps}
    assert steps["authorize-3"].answer != "granted"
    assert steps["token-2"].sent["redirect_uri"] == steps["authorize-2"].sent["redirect_uri"]
    assert steps["token-2"].answer == "granted"
