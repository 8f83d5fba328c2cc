"""Which scripts may call which endpoint: RFC 9700 §2.6, and how browsers ask (Fetch §3.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from tokenspec.reference_server.alterations.liberties.model import Liberty, telling
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.routes import NO_CONTENT, Route
from tokenspec.reference_server.messages import Headers, Request, Response

BY = "RFC 9700 §2.6"
OPEN = "Endpoints that clients call may support CORS; for which origins is left to the server."
FETCH = "Fetch §3.2.2"
GROUP = "cross-origin"
Allows = Callable[[Core, Request], Headers]
OK = 200


def _sharing(allows: Allows, *, preflight: int = NO_CONTENT) -> Callable[..., dict[str, Route]]:
    """Endpoints that share what they answer by themselves, with the headers `allows` gives."""

    def alter(routes: dict[str, Route], core: Core) -> dict[str, Route]:
        return {
            path: _shared(route, core, allows, preflight) if route.shared else route
            for path, route in routes.items()
        }

    return alter


def _shared(route: Route, core: Core, allows: Allows, preflight: int) -> Route:
    def answer(request: Request) -> Response:
        told = allows(core, request)
        if request.method == "OPTIONS":
            methods = ", ".join(route.methods or ("POST",))
            more = (("Access-Control-Allow-Methods", methods), *_headers_asked(request))
            return Response(preflight, (*told, *more) if told else ())
        made = route.answer(request)
        exposed = ("Access-Control-Expose-Headers", "DPoP-Nonce, WWW-Authenticate")
        return replace(made, headers=(*made.headers, *told, exposed)) if told else made

    methods = (*route.methods, "OPTIONS") if route.methods else ()
    return replace(route, answer=answer, methods=methods, shared=False)


def _headers_asked(request: Request) -> Headers:
    wanted = request.header("Access-Control-Request-Headers")
    return (("Access-Control-Allow-Headers", wanted),) if wanted else ()


def _echoed(_core: Core, request: Request) -> Headers:
    origin = request.header("Origin")
    vary = ("Vary", "Origin")
    return (("Access-Control-Allow-Origin", origin), vary) if origin else (vary,)


def _registered(core: Core, request: Request) -> Headers:
    addresses = (uri for client in core.config.clients for uri in client.redirect_uris)
    origins = {f"{p.scheme}://{p.netloc}" for p in map(urlsplit, addresses)}
    known = request.header("Origin") in origins
    return _echoed(core, request) if known else ()


def _anybody(_core: Core, _request: Request) -> Headers:
    return (("Access-Control-Allow-Origin", "*"),)


LIBERTIES: tuple[Liberty, ...] = (
    telling(
        "cors.origin_repeated",
        FETCH,
        "Who may read is said by the origin that asked, or by a star.",
        "the origin that asks is repeated, whatever it is",
        group=GROUP,
        routes=_sharing(_echoed),
    ),
    telling(
        "cors.registered_origins_alone",
        BY,
        OPEN,
        "scripts of origins that a client has registered may call, others not",
        group=GROUP,
        routes=_sharing(_registered),
    ),
    telling(
        "cors.preflight_answered_with_200",
        FETCH,
        "Any status of success will do for the answer to a preflight.",
        "a preflight is answered with status 200, and the headers it asked for",
        group=GROUP,
        routes=_sharing(_anybody, preflight=OK),
    ),
)
