"""A server that takes pushed authorization requests alone is learned of, and then played at."""

from __future__ import annotations

from dataclasses import replace

from tests.conformance.preflight.odd import (
    ISSUER,
    Serve,
    path_of,
    preflight,
    prepared,
    refusal,
    right,
    with_members,
)
from tokenspec.conformance.play.judge import Judge
from tokenspec.conformance.play.player import play
from tokenspec.conformance.record.evidence import evidence
from tokenspec.conformance.run.suite import whole_suite
from tokenspec.conformance.scenario.model import Answer
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server import Request, Response
from tokenspec.reference_server.config import Policy

PUSHED_ALONE = {"policy": Policy(par_required=True)}
REQUIRED = "par-required"
MEMBER = "require_pushed_authorization_requests"


def untold(request: Request, serve: Serve) -> Response:
    """Its metadata does not say that requests have to be pushed."""
    response = serve(request)
    if "well-known" in request.url and response.status == 200:
        return with_members(response, lambda told: told.pop(MEMBER, None))
    return response


def takes_no_push(request: Request, serve: Serve) -> Response:
    """Refuses whatever is pushed."""
    if path_of(request) == "/oauth/par":
        return refusal("invalid_client", "nobody pushes here", 401)
    return untold(request, serve)


def test_it_is_seen_that_requests_have_to_be_pushed() -> None:
    setup, steps = preflight(untold, config=PUSHED_ALONE)
    assert not [step for step in steps if step.failed]
    decision = setup.decisions[REQUIRED]
    assert decision.present
    assert decision.reason == (
        "seen: not pushed, the valid authorization request is answered with invalid_request; "
        "pushed, it is gone on with"
    )
    assert setup.side.always_push
    assert setup.oracle.side.always_push
    assert setup.missing(("unpushed-requests",))


def test_what_the_metadata_says_needs_no_asking() -> None:
    setup, steps = preflight(right, config=PUSHED_ALONE)
    assert not [step for step in steps if step.failed]
    assert setup.decisions[REQUIRED].reason == f"metadata says {MEMBER}"


def test_a_server_that_goes_on_without_a_push_is_not_pushed_to() -> None:
    setup, _ = preflight(untold)
    assert not setup.decisions[REQUIRED].present
    assert "seen: " in setup.decisions[REQUIRED].reason
    assert not setup.side.always_push


def test_a_push_that_is_refused_is_told_where_it_has_to_be_made() -> None:
    _, steps = preflight(takes_no_push, config=PUSHED_ALONE, capabilities={REQUIRED: True})
    assert steps[-1].ends_it
    assert "pushed, it was answered with status 401, invalid_client" in steps[-1].detail


def test_one_client_alone_may_have_to_push() -> None:
    target = bundled_target(ISSUER)
    main, *others = target.clients
    setup = prepared(untold, clients=(replace(main, par_required=True), *others))
    assert [setup.side.pushes(client) for client in setup.target.clients[:2]] == [True, False]


def test_a_refusal_where_it_was_pushed_is_judged_as_one() -> None:
    case = next(one for one in whole_suite() if one.key == "redirect-uri-at-authorize/other-host")
    setup = prepared(right, config=PUSHED_ALONE)
    transcript = play(setup.side, case.setting, case.steps)
    asked = transcript.steps[-1]
    assert asked.pushing
    assert (asked.answer, asked.status, asked.error) == (Answer.REFUSED, 400, "invalid_request")
    judged = Judge(case, Verdict.FAIL, lambda *_: None).gravest(transcript)
    assert judged.verdict is Verdict.PASS
    assert judged.observed.startswith("refused where it was pushed: status 400")
    shown = evidence(transcript, setup.redactor.for_play())
    assert [(one.method, one.url, one.status) for one in shown] == [
        ("POST", f"{ISSUER}/oauth/par", 400)
    ]
