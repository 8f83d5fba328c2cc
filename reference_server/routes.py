"""Which endpoint answers at a path, with which methods, and whether scripts may call it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tokenspec.reference_server.guarding import behaviour
from tokenspec.reference_server.messages import Headers, Refusal, Request, Response

if TYPE_CHECKING:
    from tokenspec.reference_server.server import Server

NO_CONTENT, NOT_FOUND, METHOD_NOT_ALLOWED = 204, 404, 405
READ, FORM = ("GET", "HEAD"), ("POST",)
CROSS_ORIGIN = behaviour(
    "cors.direct_endpoints",
    "OIDCD-3-cors_direct_endpoints",
    "scripts of other origins may call what clients call directly",
)
NOT_AT_AUTHORIZE = behaviour(
    "cors.not_at_authorize",
    "RFC9700-2.6-cors_authorization_endpoint",
    "scripts of other origins may not call the authorization endpoint",
)
CROSS_ORIGIN_METADATA = behaviour(
    "cors.metadata", "OIDCD-4-cors", "scripts of other origins may read the metadata"
)
CROSS_ORIGIN_USERINFO = behaviour(
    "cors.userinfo", "OIDCC-5.3-cors", "scripts of other origins may call userinfo"
)
CROSS_ORIGIN_REVOCATION = behaviour(
    "cors.revocation", "RFC7009-2.3-cors", "scripts of other origins may revoke"
)
ALLOW_ORIGIN = ("Access-Control-Allow-Origin", "*")
EXPOSED = {
    behaviour(
        "cors.nonce_exposed",
        "RFC9449-8-cors_expose_dpop_nonce",
        "scripts of other origins may read the nonce",
    ): "DPoP-Nonce",
    behaviour(
        "cors.challenge_exposed",
        "RFC9449-7.1-cors_expose_www_authenticate",
        "scripts of other origins may read the challenge",
    ): "WWW-Authenticate",
}


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint. Where `methods` is empty, guards of the endpoint judge the method."""

    answer: Callable[[Request], Response]
    methods: tuple[str, ...] = ()
    direct: bool = True  # called by clients themselves, not by a browser on its way
    requirement: str = ""
    cors: str = CROSS_ORIGIN  # the behaviour that lets scripts of other origins in


def respond(server: Server, routes: dict[str, Route], request: Request) -> Response:
    """Answer one request by the route of its path."""
    route = routes.get(urlsplit(request.url).path)
    if route is None:
        refusal = Refusal("path", "", "no endpoint at this path")
        return Response(NOT_FOUND, (("Content-Type", "text/plain"),), b"not found", refusal)
    shared = route.direct and server.behaves(CROSS_ORIGIN) and server.behaves(route.cors)
    if not route.direct and not server.behaves(NOT_AT_AUTHORIZE):
        shared = True
    if shared and request.method == "OPTIONS":
        return Response(NO_CONTENT, _preflight(route))
    if route.methods and request.method not in route.methods:
        refusal = Refusal("method", route.requirement, f"method {request.method}")
        return Response(METHOD_NOT_ALLOWED, (("Allow", ", ".join(route.methods)),), b"", refusal)
    made = route.answer(request)
    if not shared:
        return made
    exposed = ", ".join(header for name, header in EXPOSED.items() if server.behaves(name))
    told = (ALLOW_ORIGIN, ("Access-Control-Expose-Headers", exposed))
    return replace(made, headers=(*made.headers, *told))


def _preflight(route: Route) -> Headers:
    """The answer to a browser that asks before it sends."""
    return (
        ALLOW_ORIGIN,
        ("Access-Control-Allow-Methods", ", ".join(route.methods or FORM)),
        ("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP"),
        ("Access-Control-Max-Age", "600"),
    )
