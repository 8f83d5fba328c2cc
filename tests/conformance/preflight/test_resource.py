"""`check` shows an access token at the resource that the target file names."""

from __future__ import annotations

from tests.conformance.preflight.odd import Odd, Serve, path_of, preflight, right
from tokenspec.conformance.preflight.step import CheckStep
from tokenspec.reference_server import Request, Response


def tried(odd: Odd) -> CheckStep:
    _, steps = preflight(odd, trying=True)
    return next(one for one in steps if one.name == "resource")


def closed(request: Request, serve: Serve) -> Response:
    at_resource = path_of(request) == "/resource"
    return Response(404, (), b"") if at_resource else serve(request)


def test_a_resource_that_opens_is_told() -> None:
    assert tried(right).passed


def test_a_resource_that_stays_closed_is_told_with_what_to_say() -> None:
    told = tried(closed)
    assert not told.passed
    assert "resource was refused: status 404" in told.detail
    assert "'capabilities: {resource: false}'" in told.hint
