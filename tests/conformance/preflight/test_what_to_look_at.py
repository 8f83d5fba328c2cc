"""Where the valid exchange fails, the hint leads to what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.preflight.odd import (
    AUTHORIZE,
    ISSUER,
    TOKEN,
    Odd,
    Serve,
    path_of,
    preflight,
    with_members,
)
from tokenspec.conformance.http import COME_BACK
from tokenspec.conformance.preflight.step import CheckStep
from tokenspec.reference_server import Request, Response
from tokenspec.reference_server.config import Policy


def names_another_place(request: Request, serve: Serve) -> Response:
    """Its metadata names a token endpoint where there is none."""
    response = serve(request)
    if "well-known/o" in request.url and response.status == 200:
        return with_members(
            response, lambda told: told.update(token_endpoint=told["token_endpoint"] + "/v1")
        )
    return response


def telling(**members: Any) -> Odd:
    """A server whose metadata has these members."""

    def odd(request: Request, serve: Serve) -> Response:
        response = serve(request)
        if "well-known/o" not in request.url:
            return response
        return with_members(response, lambda told: told.update(members))

    return odd


def refuses_s256(request: Request, serve: Serve) -> Response:
    """Knows no challenge but a plain one, and none is needed."""
    if path_of(request) == AUTHORIZE and "S256" in request.url:
        request = Request(request.method, request.url.replace("S256", "S512"), request.headers)
    return serve(request)


def failed(steps: list[CheckStep]) -> CheckStep:
    return next(step for step in steps if not step.passed)


def test_a_token_endpoint_that_is_elsewhere_is_asked_for() -> None:
    _, steps = preflight(names_another_place)
    step = failed(steps)
    assert step.name == "code exchange"
    assert step.hint.startswith("is https://server.example/oauth/token/v1 the token endpoint?")
    assert "endpoints: {token: …}" in step.hint


@pytest.mark.parametrize(
    ("path", "member"),
    [
        ("/userinfo", "userinfo_endpoint"),
        ("/authorize", "authorization_endpoint"),
        ("/oauth/revoke", "revocation_endpoint"),
        ("/oauth/introspect", "introspection_endpoint"),
    ],
)
def test_an_endpoint_named_as_another_one_too_is_pointed_at(path: str, member: str) -> None:
    _, steps = preflight(telling(token_endpoint=f"{ISSUER}{path}"))
    step = failed(steps)
    assert step.name == "code exchange"
    assert step.hint.startswith(f"is {ISSUER}{path} the token endpoint?")
    assert step.hint.endswith(f"the metadata has the same address for {member}")


@pytest.mark.parametrize("path", ["/nothing/here", TOKEN])
def test_an_authorization_endpoint_where_there_is_none_is_asked_for(path: str) -> None:
    _, steps = preflight(telling(authorization_endpoint=f"{ISSUER}{path}"))
    step = failed(steps)
    assert step.name == "authorization"
    assert step.hint.startswith(f"is {ISSUER}{path} the authorization endpoint?")
    assert "endpoints: {authorization: …}" in step.hint


@pytest.mark.parametrize("status", [401, 403, 303])
def test_a_refusal_without_an_error_code_may_be_of_no_token_endpoint(status: int) -> None:
    def forwards(request: Request, serve: Serve) -> Response:
        elsewhere = Response(status, (("Location", ISSUER),), b"<p>Hello")
        return elsewhere if path_of(request) == TOKEN else serve(request)

    _, steps = preflight(forwards)
    step = failed(steps)
    assert step.hint.startswith(f"is {ISSUER}{TOKEN} the token endpoint?")
    assert step.hint.endswith("if it is, look at the server's log for this request")


def test_a_server_that_refuses_s256_is_told_to_be_one() -> None:
    _, steps = preflight(refuses_s256, config={"policy": Policy(pkce_required=False)})
    step = failed(steps)
    assert step.name == "authorization"
    assert step.hint.startswith("without a code_challenge the same request is taken")
    assert "RFC 7636 §4.2" in step.hint


@pytest.mark.parametrize("path", [AUTHORIZE, TOKEN])
@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_server_that_is_out_of_service_has_no_wrong_client(path: str, status: int) -> None:
    def away(request: Request, serve: Serve) -> Response:
        return Response(status, (), b"") if path_of(request) == path else serve(request)

    _, steps = preflight(away)
    step = failed(steps)
    assert step.hint == COME_BACK
    assert str(status) in step.detail
