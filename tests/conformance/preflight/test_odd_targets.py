"""Targets with one odd trait each: what the preflight says, and what the suite finds then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.conformance.preflight.odd import (
    AUTHORIZE,
    ISSUER,
    TOKEN,
    Odd,
    Serve,
    path_of,
    preflight,
    prepared,
    refusal,
    right,
    with_members,
)
from tests.conformance.selftest.altered import accused, keyed, of_areas
from tokenspec.conformance.preflight.sequence import make_usable
from tokenspec.conformance.record.evidence import no_evidence
from tokenspec.conformance.record.finding import Finding
from tokenspec.conformance.run.examiner import Examiner
from tokenspec.conformance.scenario.model import Case
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.verdicts import Verdict
from tokenspec.reference_server import Request, Response
from tokenspec.reference_server.demo import demo_config

BROKEN = (Verdict.FAIL, Verdict.WARN)


def found(odd: Odd, cases: Iterable[Case], **changes: object) -> list[Finding]:
    """What a run of these cases finds, which has begun with the preflight."""
    setup, _ = make_usable(prepared(odd, **changes))
    chosen = sorted(cases, key=lambda case: case.every_response)
    examiner = Examiner(setup, chosen, show=no_evidence)
    return [examiner.examine(case) for case in chosen]


def test_a_wrong_secret_in_the_target_file_is_one_cause_and_no_fault_of_the_server() -> None:
    clients = bundled_target(ISSUER).clients
    place = next(n for n, client in enumerate(clients) if client.auth == "client_secret_basic")
    stale = (
        *clients[:place],
        replace(clients[place], secret="of-last-year"),
        *clients[place + 1 :],
    )
    findings = found(right, of_areas("client_auth", "revocation", "introspection"), clients=stale)
    assert not [finding.key for finding in findings if finding.verdict in BROKEN]
    hindered = [finding for finding in findings if finding.verdict is Verdict.COULD_NOT_RUN]
    assert len(hindered) > 10
    causes = {finding.note for finding in hindered}
    assert len(causes) == 1
    assert f"check clients[{place}].secret" in causes.pop()
    assert [finding for finding in findings if finding.verdict is Verdict.PASS]


def behind_a_proxy(request: Request, serve: Serve) -> Response:
    """Holds every htu against an address that nobody asks for."""
    if path_of(request) == TOKEN and request.header("DPoP"):
        return refusal("invalid_dpop_proof", "htu does not match http://10.1.2.3:8080/oauth/token")
    return serve(request)


def test_an_htu_that_fits_nowhere_is_one_cause_and_not_a_fault_of_each_rule() -> None:
    findings = found(behind_a_proxy, of_areas("dpop"))
    assert not [finding.key for finding in findings if finding.verdict in BROKEN]
    causes = {f.note for f in findings if f.verdict is Verdict.COULD_NOT_RUN}
    assert len(causes) == 1
    assert "network: {htu:" in causes.pop()


def grants_more(request: Request, serve: Serve) -> Response:
    """Adds a scope of its own to every request, and tells all in the callback."""
    if path_of(request) == AUTHORIZE and request.method == "GET":
        request = replace(request, url=request.url.replace("scope=", "scope=orders%3Aread+"))
    response = serve(request)
    location = next((v for n, v in response.headers if n == "Location"), "")
    if "code=" not in location or "client.example" not in location:
        return response
    query = [*parse_qsl(urlsplit(location).query), ("scope", "orders:read openid profile email")]
    told = f"{location.partition('?')[0]}?{urlencode(query)}"
    headers = tuple((n, told if n == "Location" else v) for n, v in response.headers)
    return replace(response, headers=headers)


def test_more_scope_than_was_asked_for_is_a_warning_wherever_it_is_told() -> None:
    config = {"scopes": (*demo_config(ISSUER).scopes, "orders:read")}
    (finding,) = found(grants_more, keyed("granted-scope/not-wider"), config=config)
    assert finding.verdict is Verdict.WARN
    assert "orders:read" in f"{finding.observed} {finding.note}"


def grants_less(request: Request, serve: Serve) -> Response:
    """Drops a scope without a word (RFC 6749 §5.1)."""
    if path_of(request) == AUTHORIZE and request.method == "GET":
        request = replace(request, url=request.url.replace("+profile", ""))
    response = serve(request)
    if path_of(request) == TOKEN and response.status == 200:
        return with_members(response, lambda members: members.pop("scope", None))
    return response


def test_less_scope_than_was_asked_for_and_not_a_word_is_a_failure() -> None:
    findings = found(grants_less, of_areas("request"), scope="openid profile email offline_access")
    assert {f.requirement for f in findings if f.verdict in BROKEN} == {
        "RFC6749-5.1-scope_if_different"
    }


def spares_refresh_tokens(request: Request, serve: Serve) -> Response:
    """Gives none to the client that may not use them."""
    response = serve(request)
    granted = path_of(request) == TOKEN and response.status == 200
    if granted and b"tokenspec-code" in request.body:
        return with_members(response, lambda members: members.pop("refresh_token", None))
    return response


def test_a_client_without_refresh_tokens_is_held_to_its_grants_all_the_same() -> None:
    (finding,) = found(spares_refresh_tokens, keyed("client-grant-not-allowed/refresh"))
    assert finding.verdict is Verdict.PASS


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/callback",
        "http://[::1]/callback",
        "https://h",
        "https://h/123",
        "http://localhost:3000",
        "com.example.app:/cb",
        "https://h/cb?x=1",
    ],
)
def test_no_address_of_a_client_hinders_the_preflight(address: str) -> None:
    registered = demo_config(ISSUER).clients
    config = {"clients": tuple(replace(one, redirect_uris=(address,)) for one in registered)}
    clients = (replace(one, redirect_uris=(address,)) for one in bundled_target(ISSUER).clients)
    usable, failed = make_usable(prepared(right, clients=tuple(clients), config=config))
    assert not [step.told for step in failed]
    chosen = keyed("redirect-uri-at-token", "redirect-uri-at-authorize")
    examiner = Examiner(usable, chosen)
    assert not accused(examiner.examine(case) for case in chosen)


def test_a_server_that_takes_pushed_requests_alone_is_not_told_to_register_addresses() -> None:
    """An error page says so; it is none about the redirect URI, which the server knows."""

    def pushed_alone(request: Request, serve: Serve) -> Response:
        if path_of(request) == AUTHORIZE:
            page = b"<!doctype html><title>Sorry</title><p>PAR request_uri not included."
            return Response(400, (("Content-Type", "text/html"),), page)
        return serve(request)

    _, steps = preflight(pushed_alone)
    (failed,) = (step for step in steps if not step.passed)
    assert failed.name == "authorization"
    assert "RFC 9126" in failed.hint
