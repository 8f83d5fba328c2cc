"""What one answer shows is held against the case that is about it, and against no other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tests.conformance.selftest.altered import examined, keyed, path
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server import Request, Response


def verdicts(findings: Iterable[Finding]) -> dict[str, Verdict]:
    return {finding.key: finding.verdict for finding in findings}


def test_a_key_set_that_is_not_there_breaks_no_rule_of_keys() -> None:
    def missing(request: Request, response: Response) -> Response:
        return Response(404, (), b"") if "jwks" in path(request) else response

    found = verdicts(examined(missing, keyed("key-set")))
    assert found.pop("key-set/keys") is Verdict.FAIL
    assert len(found) > 1
    assert set(found.values()) == {Verdict.COULD_NOT_RUN}


def test_a_crash_is_no_fault_of_the_form_of_errors() -> None:
    def crashing(_request: Request, response: Response) -> Response:
        refused = response.status == 400 and b'"error"' in response.body
        return Response(500, (), b"Oops") if refused else response

    found = verdicts(examined(crashing, keyed("error-envelope")))
    assert set(found.values()) == {Verdict.COULD_NOT_RUN}


def test_a_look_that_saw_no_challenge_has_established_nothing() -> None:
    def bare(_request: Request, response: Response) -> Response:
        kept = tuple(pair for pair in response.headers if pair[0] != "WWW-Authenticate")
        return replace(response, headers=kept)

    found = examined(bare, keyed("bearer-challenge"))
    assert {finding.verdict for finding in found} == {Verdict.NOT_APPLICABLE}
    assert all("nothing that is looked at here" in finding.note for finding in found)


def test_a_state_that_successes_lack_is_told_of_successes() -> None:
    def forgetful(_request: Request, response: Response) -> Response:
        headers = tuple(
            (name, without_state(value) if name == "Location" and "code=" in value else value)
            for name, value in response.headers
        )
        return replace(response, headers=headers)

    def without_state(location: str) -> str:
        start, _, query = location.partition("?")
        kept = [pair for pair in query.split("&") if not pair.startswith("state=")]
        return f"{start}?{'&'.join(kept)}"

    found = verdicts(
        examined(forgetful, keyed("authorization-response", "authorization-error-response"))
    )
    assert found["authorization-response/state"] is Verdict.FAIL
    broken = [key for key, verdict in found.items() if verdict in (Verdict.FAIL, Verdict.WARN)]
    assert broken == ["authorization-response/state"]
