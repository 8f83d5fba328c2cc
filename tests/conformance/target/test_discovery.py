"""Metadata that is not where, or not what, it should be: what came instead is said."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from tokenspec.conformance.errors import TargetUnusable
from tokenspec.conformance.http import Request, Response
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.target.discovery import discover, find_metadata

ISSUER = "https://server.example"
GZIP = b"\x1f\x8b\x08\x00\xff\xfe\xfd"
JSON, HTML = (("Content-Type", "application/json"),), (("Content-Type", "text/html"),)


@dataclass
class Answering:
    """A transport that answers every request alike."""

    response: Response
    sent: list[Request] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        return self.response


@pytest.mark.parametrize(
    ("response", "told"),
    [
        (
            Response(301, (("Location", "https://other.example/x"),)),
            "status 301, redirects to https://other.example/x",
        ),
        (
            Response(403, HTML, b"<html><h1>Request\n blocked</h1> by rule 7</html>"),
            "status 403, text/html, 'Request blocked by rule 7'",
        ),
        (Response(406), "status 406"),
        (
            Response(200, JSON, b'[{"issuer": 1}]'),
            "status 200, application/json, not a JSON object, '[{\"issuer\": 1}]'",
        ),
        (
            Response(200, JSON, b"\x1f\x8b\x08\x00\xff\xfe\xfd"),
            "application/json, not a JSON object",
        ),
        (
            Response(200, (*JSON, ("Content-Encoding", "gzip")), GZIP),
            "status 200, application/json, encoded as gzip, which was not asked for",
        ),
        (
            Response(404, HTML, b"<p>\x1b[31m" + b"a" * 500),
            "'" + "\N{REPLACEMENT CHARACTER}[31maaa",
        ),
    ],
)
def test_what_came_instead_is_said(response: Response, told: str) -> None:
    found = find_metadata(ISSUER, Answering(response))
    assert found.document == {}
    assert len(found.seen) == 2
    assert f"{ISSUER}/.well-known/openid-configuration: " in found.seen[0]
    assert told in found.seen[0]
    assert len(found.seen[0]) < 300


def test_the_error_names_each_place_and_its_answer() -> None:
    target = bundled_target(ISSUER)
    with pytest.raises(TargetUnusable) as error:
        discover(target, Answering(Response(503, HTML, b"down")))
    assert error.value.message.count("status 503, text/html, 'down'") == 2


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ({}, "token_endpoint is missing"),
        ({"token_endpoint": "/token"}, "token_endpoint is '/token', which is not an absolute URL"),
        ({"token_endpoint": 5}, "token_endpoint is '5', which is not an absolute URL"),
        ({"token_endpoint": None}, "token_endpoint is 'None', which is not an absolute URL"),
    ],
)
def test_metadata_that_does_not_say_where_tokens_are_had_is_to_blame(
    listed: dict[str, Any], told: str
) -> None:
    found = {"issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/authorize", **listed}
    target = bundled_target(ISSUER)
    with pytest.raises(TargetUnusable) as error:
        discover(target, Answering(Response(200, JSON, json.dumps(found).encode())))
    assert error.value.message.startswith(
        f"no token endpoint is known: in the metadata at {ISSUER}/.well-known/openid-configuration "
    )
    assert error.value.message.endswith(told)
    assert error.value.hint.startswith("the metadata has to name it (RFC 8414 §2)")
    assert "endpoints: {token: …}" in error.value.hint
