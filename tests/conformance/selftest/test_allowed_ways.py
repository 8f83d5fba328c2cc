"""Ways of good servers that no case accuses, and faults beside them that are failures, once."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from tests.conformance.selftest.altered import accused, examined, keyed, of_areas, path
from tokenspec.conformance.preflight.opening import prepare_in_process
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.selftest.servers import conforming_servers
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server import Request, Response, Server
from tokenspec.reference_server.demo import demo_config

TOKEN = "/oauth/token"
OK = 200


def form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode("utf-8", "replace")))


def members(response: Response) -> dict[str, Any]:
    return dict(json.loads(response.body))


def told(response: Response, **changed: object) -> Response:
    return replace(response, body=json.dumps(members(response) | changed).encode())


def test_json_beside_the_form_is_observed() -> None:
    """RFC 6749 §4.1.3 says how a client asks; no sentence forbids a server to read more."""
    server = conforming_servers()["auth0"]
    switched = replace(server.config, dialect_switches=("json_bodies",))
    setup = prepare_in_process(replace(server.target, profile="rfc"), switched)
    (case,) = keyed("token-request-encoding/json")
    finding = Examiner(setup, [case]).examine(case)
    assert (finding.verdict, finding.note) == (Verdict.OBSERVE, "JSON is read beside the form")


def test_a_form_declared_as_something_else_is_observed() -> None:
    class Lenient(Server):
        def handle(self, request: Request) -> Response:
            others = tuple(pair for pair in request.headers if pair[0].lower() != "content-type")
            form_encoded = ("Content-Type", "application/x-www-form-urlencoded")
            return super().handle(replace(request, headers=(*others, form_encoded)))

    key = "token-request-encoding/declared-as-text"
    (finding,) = examined(lambda _request, response: response, keyed(key), made=Lenient)
    assert finding.verdict is Verdict.OBSERVE


def test_the_scope_of_a_refresh_may_be_ignored_and_told() -> None:
    """RFC 6749 §3.3: the scope asked for may be ignored; §5.1: what was granted is told."""
    whole = " ".join(demo_config("https://server.example").offered_scopes)

    def ignoring(request: Request, response: Response) -> Response:
        asked = form(request)
        narrowed = asked.get("grant_type") == "refresh_token" and asked.get("scope") == "openid"
        return told(response, scope=whole) if narrowed and response.status == 200 else response

    key = "refresh-token-use/narrower-scope"
    (finding,) = examined(ignoring, keyed(key))
    assert (finding.verdict, finding.kind) == (Verdict.OBSERVE, "")


def test_a_lifetime_is_made_of_digits() -> None:
    """RFC 6749 A.14: 1*DIGIT, which zero is and half a second is not."""
    key = "success-envelope/expires-in"
    for lifetime, verdict in ((0, Verdict.PASS), (3599.5, Verdict.FAIL), (-1, Verdict.FAIL)):

        def changed(_: Request, response: Response, lifetime: float = lifetime) -> Response:
            issued = b'"access_token"' in response.body
            return told(response, expires_in=lifetime) if issued else response

        (finding,) = examined(changed, keyed(key))
        assert finding.verdict is verdict


def test_the_authorization_endpoint_is_asked_as_a_browser_asks() -> None:
    def particular(request: Request, response: Response) -> Response:
        as_script = "text/html" not in request.header("Accept")
        return Response(401, (), b"{}") if path(request) == "/authorize" and as_script else response

    assert not accused(examined(particular, of_areas("silent_auth", "authorization")))


def test_a_refresh_that_loses_its_race_needs_no_token() -> None:
    """Nor does one whose token another grant of the user has replaced."""

    class OneEach(Server):
        newest: dict[str, str]

        def handle(self, request: Request) -> Response:
            response = super().handle(request)
            if path(request) == TOKEN and response.status == 200:
                value = members(response).get("refresh_token", "")
                token = self.store.token(value)
                if token is not None:
                    kept = self.__dict__.setdefault("newest", {})
                    before = kept.get(token.grant.client_id)
                    kept[token.grant.client_id] = value
                    if before:
                        self.store.retire_token(before)
            return response

    found = examined(
        lambda _request, response: response,
        keyed("refresh-beside-its-revocation"),
        made=OneEach,
    )
    assert not accused(found)


def test_tokens_in_a_redirect_are_a_grant() -> None:
    def implicit(request: Request, response: Response) -> Response:
        location = dict(response.headers).get("Location", "")
        asked = dict(parse_qsl(request.url.partition("?")[2]))
        if asked.get("response_type") != "token" or "error=" not in location:
            return response
        fragment = urlencode({"access_token": "a" * 30, "state": asked["state"]})
        return Response(303, (("Location", f"{asked['redirect_uri']}#{fragment}"),), b"")

    findings = examined(implicit, of_areas("authorization", "oauth21", "response"))
    failed = [finding for finding in findings if finding.verdict is Verdict.FAIL]
    assert failed
    assert {finding.kind for finding in failed} <= {"accepted", "leak"}


def test_refusals_with_status_200_are_one_failure() -> None:
    def successful(request: Request, response: Response) -> Response:
        refused = path(request) == TOKEN and response.status in (400, 401)
        return replace(response, status=200) if refused else response

    findings = examined(successful, of_areas("response", "client_auth", "code"))
    verdicts = Counter(finding.verdict for finding in findings)
    assert [f.key for f in findings if f.verdict is Verdict.FAIL] == ["error-envelope/status"]
    assert not verdicts[Verdict.WARN]
    assert not verdicts[Verdict.COULD_NOT_RUN]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (["pkce-verifier-wrong/last-character-changed"], ["warn"]),
        (["pkce-verifier-wrong/last-character-changed", "error-envelope/json"], ["warn"]),
        (["pkce-verifier-wrong/last-character-changed", "error-envelope/status"], ["fail"]),
    ],
)
def test_what_every_refusal_has_is_told_by_a_case_where_no_other_tells_it(
    keys: list[str], told: list[str]
) -> None:
    """Once, whatever is selected: nothing is lost, nothing is said again."""

    def successful(request: Request, response: Response) -> Response:
        refused = path(request) == TOKEN and response.status in (400, 401)
        return replace(response, status=200) if refused else response

    found = [finding.verdict for finding in examined(successful, keyed(*keys))]
    assert [verdict for verdict in found if verdict is not Verdict.PASS] == told


def test_a_code_that_no_client_knows_is_a_failure() -> None:
    def own_code(request: Request, response: Response) -> Response:
        refused = path(request) == TOKEN and response.status in (400, 401)
        return told(response, error="Unauthorized") if refused else response

    (finding,) = examined(own_code, keyed("error-envelope/error-code"))
    assert finding.verdict is Verdict.FAIL
    assert "'Unauthorized'" in finding.note


def test_a_code_that_a_must_names_is_a_failure() -> None:
    """RFC 7636 §4.6: an error response indicating invalid_grant must be returned."""

    def other_code(request: Request, response: Response) -> Response:
        refused = path(request) == TOKEN and response.status == 400
        return told(response, error="invalid_request") if refused else response

    key = "pkce-verifier-wrong/another-verifier"
    (finding,) = examined(other_code, keyed(key))
    assert (finding.verdict, finding.kind) == (Verdict.FAIL, "wrong-error")


def test_an_error_with_status_200_at_userinfo_is_a_refusal() -> None:
    """The token opened nothing, whatever the status says."""

    def with_200(request: Request, response: Response) -> Response:
        if path(request) != "/userinfo" or response.status == OK:
            return response
        return replace(response, status=OK, body=b'{"error": "invalid_token"}')

    findings = examined(with_200, keyed("userinfo-wrong-token/last-character-changed"))
    assert accused(findings) == []
