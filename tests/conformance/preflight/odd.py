"""A reference server in this process that does one thing differently, and its preflight."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from tokenspec.conformance.play.clock import MovableClock
from tokenspec.conformance.preflight.sequence import Preflight
from tokenspec.conformance.preflight.setup import Setup, prepare
from tokenspec.conformance.preflight.step import CheckStep
from tokenspec.conformance.target.bundled import bundled_target
from tokenspec.conformance.target.model import Target
from tokenspec.conformance.transport.in_process import InProcessTransport
from tokenspec.reference_server import Request, Response, Server, ServerConfig
from tokenspec.reference_server.demo import demo_config

ISSUER = "https://server.example"
TOKEN, AUTHORIZE = "/oauth/token", "/authorize"
Serve = Callable[[Request], Response]
Odd = Callable[[Request, Serve], Response]


class OddServer(Server):
    """Its requests and answers pass through a function of the test."""

    def __init__(self, config: ServerConfig, odd: Odd, clock: MovableClock) -> None:
        super().__init__(config, clock=clock)
        self.odd = odd

    def handle(self, request: Request) -> Response:
        return self.odd(request, super().handle)


def prepared(odd: Odd, **changes: Any) -> Setup:
    """The setup of a target whose file says nothing of capabilities unless `changes` do.

    `changes` are of the target; those of the server stand under `config`.
    """
    clock = MovableClock()
    config = replace(demo_config(ISSUER, dpop_nonce=False), **changes.pop("config", {}))
    server = OddServer(config, odd, clock)
    target: Target = replace(bundled_target(ISSUER), **{"capabilities": {}, **changes})
    return prepare(target, InProcessTransport(server), clock=clock, wait=clock.wait)


def preflight(odd: Odd, *, trying: bool = False, **changes: Any) -> tuple[Setup, list[CheckStep]]:
    """What the preflight learned, and its steps."""
    going = Preflight(prepared(odd, **changes), trying=trying)
    steps = list(going)
    return going.setup, steps


def path_of(request: Request) -> str:
    return urlsplit(request.url).path


def with_members(response: Response, change: Callable[[dict[str, Any]], None]) -> Response:
    """A JSON answer with other members."""
    members = json.loads(response.body)
    change(members)
    return replace(response, body=json.dumps(members).encode())


def refusal(error: str, described: str = "", status: int = 400) -> Response:
    """An error response of the token endpoint (RFC 6749 §5.2)."""
    members: Mapping[str, str] = {"error": error, "error_description": described}
    headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    return Response(status, headers, json.dumps(members).encode())


def right(request: Request, serve: Serve) -> Response:
    """Nothing odd."""
    return serve(request)


def claims_of(token: str) -> str:
    """The claims of a JWT as they were encoded."""
    part = token.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
