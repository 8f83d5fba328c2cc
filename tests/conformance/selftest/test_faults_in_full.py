"""Faults that once passed, or were warned of only: told once, at the level that their text has."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.conformance.selftest.altered import Change, examined, keyed, of_areas, path
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server import Request, Response

TOKEN, AUTHORIZE = "/oauth/token", "/authorize"
BROKEN = (Verdict.FAIL, Verdict.WARN)


def verdicts(change: Change, *keys: str) -> dict[str, str]:
    return {f.key: str(f.verdict) for f in examined(change, keyed(*keys))}


def broken(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(f.key, str(f.verdict)) for f in findings if f.verdict in BROKEN]


def unchanged(_: Request, response: Response) -> Response:
    return response


def test_codes_that_are_none_are_told_once() -> None:
    """RFC 6749 §5.2 has the codes; what breaks every refusal alike is one failure."""

    def unauthorized(request: Request, response: Response) -> Response:
        if path(request) != TOKEN or response.status < 400:
            return response
        return replace(response, status=401, body=json.dumps({"error": "Unauthorized"}).encode())

    cases = of_areas("pkce", "code", "redirect_uri", "response")
    assert broken(examined(unauthorized, cases)) == [("error-envelope/error-code", "fail")]


@pytest.mark.parametrize("code", ["invalid_request", "unauthorized_client"])
def test_the_code_of_a_refused_assertion_is_named_by_a_must(code: str) -> None:
    """RFC 7523 §3.2: the error MUST be invalid_client."""

    def other(request: Request, response: Response) -> Response:
        if path(request) != TOKEN or b"invalid_client" not in response.body:
            return response
        return replace(response, status=400, body=json.dumps({"error": code}).encode())

    found = verdicts(other, "client-assertion/refusal-named", "client-assertion/another-issuer")
    assert found == {
        "client-assertion/refusal-named": "fail",
        "client-assertion/another-issuer": "warn",
    }


def test_failed_credentials_of_the_header_get_401() -> None:
    """RFC 6749 §5.2: MUST respond with 401 where the Authorization header was used."""

    def forbidden(request: Request, response: Response) -> Response:
        return replace(response, status=400) if response.status == 401 else response

    found = verdicts(forbidden, "client-secret-basic/status", "client-secret-basic/wrong-secret")
    assert found == {
        "client-secret-basic/status": "fail",
        "client-secret-basic/wrong-secret": "warn",
    }


def test_request_objects_are_refused_by_the_code_that_is_named() -> None:
    """OpenID Connect Core §6.1, §6.2: MUST return request_not_supported."""

    def other(_: Request, response: Response) -> Response:
        location = dict(response.headers).get("Location", "")
        changed = location.replace("request_not_supported", "invalid_request")
        headers = tuple((n, changed if n == "Location" else v) for n, v in response.headers)
        return replace(response, headers=headers)

    assert verdicts(other, "openid-request/request-object") == {
        "openid-request/request-object": "fail"
    }


def test_who_names_no_client_is_sent_nowhere() -> None:
    """RFC 6749 §4.1.2.1: MUST NOT redirect to an address that no client vouches for."""

    def redirecting(request: Request, response: Response) -> Response:
        sent = dict(parse_qsl(urlsplit(request.url).query))
        if path(request) != AUTHORIZE or response.status < 400 or not sent.get("redirect_uri"):
            return response
        place = f"{sent['redirect_uri']}?error=invalid_request&state={sent.get('state', '')}"
        return Response(302, (("Location", place),))

    scenario = "redirect-uri-wrong-beats-others"
    keys = (
        f"{scenario}/with-no-client-and-another-address",
        f"{scenario}/with-unknown-client-and-another-address",
        "redirect-uri-at-authorize/confidential-client",
    )
    assert verdicts(redirecting, *keys) == dict.fromkeys(keys, "fail")


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("json-text/no-mark", lambda text: b"\xef\xbb\xbf" + text),
        ("json-text/encoding", lambda text: text.decode().encode("utf-16")),
        ("json-text/nothing-behind", lambda text: text + b"\n<!-- 3 ms -->"),
        ("json-text/nothing-behind", lambda text: text + b"\0"),
    ],
    ids=("mark", "utf-16", "comment", "nul"),
)
def test_json_that_most_libraries_cannot_read_fails_once(
    key: str, body: Callable[[bytes], bytes]
) -> None:
    """RFC 8259 §2, §8.1: one text, in UTF-8, without a mark."""

    def rewritten(request: Request, response: Response) -> Response:
        return replace(response, body=body(response.body)) if path(request) == TOKEN else response

    assert broken(examined(rewritten, of_areas("response"))) == [(key, "fail")]


def test_white_space_around_json_is_no_fault() -> None:
    def spaced(request: Request, response: Response) -> Response:
        spaced = b"\r\n " + response.body + b"\n\t"
        return replace(response, body=spaced) if path(request) == TOKEN else response

    assert broken(examined(spaced, of_areas("response"))) == []


def test_scripts_are_told_errors_too() -> None:
    """Fetch standard: without the header a script learns nothing, of an error as of a success."""

    def of_successes(_: Request, response: Response) -> Response:
        if response.status < 400:
            return response
        kept = tuple(p for p in response.headers if p[0] != "Access-Control-Allow-Origin")
        return replace(response, headers=kept)

    keys = ("cors/token", "cors/token-error", "cors/userinfo-error")
    assert verdicts(of_successes, *keys) == {
        "cors/token": "pass",
        "cors/token-error": "warn",
        "cors/userinfo-error": "warn",
    }


def test_who_hides_successes_from_scripts_hears_of_it_once() -> None:
    def nothing_shared(_: Request, response: Response) -> Response:
        kept = tuple(p for p in response.headers if p[0] != "Access-Control-Allow-Origin")
        return replace(response, headers=kept)

    assert verdicts(nothing_shared, "cors/token", "cors/token-error") == {
        "cors/token": "warn",
        "cors/token-error": "observe",
    }
