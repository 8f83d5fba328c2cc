"""Which endpoint answers at a path, with which methods, and whether scripts may call it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.authorize import AuthorizeEndpoint
from tokenspec.reference_server.endpoints.documents import Documents
from tokenspec.reference_server.endpoints.logout import LogoutEndpoint
from tokenspec.reference_server.endpoints.managing import ManagingEndpoints
from tokenspec.reference_server.endpoints.pushed import PushedEndpoint
from tokenspec.reference_server.endpoints.resource import ResourceEndpoint
from tokenspec.reference_server.endpoints.token import TokenEndpoint
from tokenspec.reference_server.endpoints.userinfo import UserinfoEndpoint
from tokenspec.reference_server.messages import Headers, Refusal, Request, Response
from tokenspec.reference_server.seams import Seam, seam

NO_CONTENT, NOT_FOUND, METHOD_NOT_ALLOWED = 204, 404, 405
READ, FORM = ("GET", "HEAD"), ("POST",)
BOTH = (*READ, *FORM)
AUTHORIZATION_SERVER = "/.well-known/oauth-authorization-server"
ALLOW_ORIGIN = ("Access-Control-Allow-Origin", "*")


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint. Where `methods` is empty, guards of the endpoint judge the method.

    `shared` says whether scripts of other origins may call it (OpenID Connect Discovery §3): all
    that clients call themselves, and none that a browser meets on its way (RFC 9700 §2.6).
    """

    answer: Callable[[Request], Response]
    methods: tuple[str, ...] = ()
    shared: bool = True
    requirement: str = ""


ROUTES: Seam[dict[str, Route], Core] = seam("routes", "the endpoint at each path, once a server")
ALLOWED: Seam[Headers, Response] = seam(
    "allowed_origins", "what lets scripts of other origins read an answer"
)
EXPOSED: Seam[tuple[str, ...], Core] = seam(
    "exposed_headers", "the headers that scripts of other origins may read"
)


def routes(core: Core) -> dict[str, Route]:
    """The endpoints by their paths."""
    pages, documents, managing = AuthorizeEndpoint(core), Documents(core), ManagingEndpoints(core)
    get, owner = "RFC8414-3.1-get", "RFC6749-3.1-authenticates_owner"
    by_name = {
        "authorization": Route(pages.authorize, BOTH, False, "RFC6749-3.1-get_supported"),
        "login": Route(pages.login, FORM, False, owner),
        "consent": Route(pages.consent, FORM, False, owner),
        "par": Route(PushedEndpoint(core).answer),
        "token": Route(TokenEndpoint(core).answer),
        "userinfo": Route(
            UserinfoEndpoint(core).answer, BOTH, requirement="OIDCC-5.3-get_and_post"
        ),
        "resource": Route(ResourceEndpoint(core).answer, READ),
        "revocation": Route(managing.revoke),
        "introspection": Route(managing.introspect),
        "logout": Route(LogoutEndpoint(pages).answer, BOTH, False, "OIDCL-2-get_and_post"),
        "jwks": Route(documents.key_set, READ, requirement=get),
        "openid-configuration": Route(documents.metadata, READ, requirement=get),
    }
    found = {urlsplit(core.endpoint(name)).path: route for name, route in by_name.items()}
    # RFC 8414 §3.1: the well-known part goes between host and path
    between = AUTHORIZATION_SERVER + urlsplit(core.config.issuer).path
    found[between] = by_name["openid-configuration"]
    return core.tell(ROUTES, found, core)


def respond(core: Core, known: dict[str, Route], request: Request) -> Response:
    """Answer one request by the route of its path."""
    route = known.get(urlsplit(request.url).path)
    if route is None:
        refusal = Refusal("path", "", "no endpoint at this path")
        return Response(NOT_FOUND, (("Content-Type", "text/plain"),), b"not found", refusal)
    if route.shared and request.method == "OPTIONS":
        return Response(NO_CONTENT, _preflight(route))
    if route.methods and request.method not in route.methods:
        refusal = Refusal("method", route.requirement, f"method {request.method}")
        return Response(METHOD_NOT_ALLOWED, (("Allow", ", ".join(route.methods)),), b"", refusal)
    made = route.answer(request)
    if not route.shared:
        return made
    told = core.tell(ALLOWED, (ALLOW_ORIGIN,), made)
    exposed = core.tell(EXPOSED, ("DPoP-Nonce", "WWW-Authenticate"), core)
    shown = ("Access-Control-Expose-Headers", ", ".join(exposed))
    return replace(made, headers=(*made.headers, *told, shown))


def _preflight(route: Route) -> Headers:
    """The answer to a browser that asks before it sends."""
    return (
        ALLOW_ORIGIN,
        ("Access-Control-Allow-Methods", ", ".join(route.methods or FORM)),
        ("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP"),
        ("Access-Control-Max-Age", "600"),
    )
