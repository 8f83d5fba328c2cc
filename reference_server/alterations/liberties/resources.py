"""What userinfo takes and tells: OpenID Connect Core §5.3, RFC 6750 §2.2."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from tokenspec.reference_server.alterations.building import being, having, less
from tokenspec.reference_server.alterations.liberties.model import Liberty, telling
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.answers import Refused
from tokenspec.reference_server.endpoints.routes import Route
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.guards.resource import token_present
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.seams import Alter

BAD = 400
SAID = "Of the body of a refusal nothing is said: the challenge tells what is wrong."


def _refusing(body: bytes, media_type: str) -> Alter:
    """The endpoint with another body of its refusals."""

    def alter(routes: dict[str, Route], core: Core) -> dict[str, Route]:
        path = urlsplit(core.endpoint("userinfo")).path
        route = routes[path]

        def answer(request: Request) -> Response:
            made = route.answer(request)
            if made.status < BAD:
                return made
            kept = less(made.headers, "Content-Type")
            declared = (("Content-Type", media_type),) if media_type else ()
            return replace(made, headers=(*kept, *declared), body=body)

        return routes | {path: replace(route, answer=answer)}

    return alter


def _forbidden(error: OAuthError, about: Refused) -> OAuthError:
    if about.guard is not token_present:
        return error
    return OAuthError(error.error, error.cause, 403)


def _no_claims(claims: dict[str, object], _about: object) -> dict[str, object]:
    return {name: value for name, value in claims.items() if name == "sub" or "://" in name}


LIBERTIES: tuple[Liberty, ...] = (
    telling(
        "userinfo.header_alone",
        "RFC 6750 §2.2",
        "A resource may support the token in a form; only the header is a must.",
        "userinfo takes a token from the header alone",
        form_token=being(""),
    ),
    telling(
        "userinfo.standard_claims_left_out",
        "OpenID Connect Core §5.3.2",
        "A server may elect not to return some of the claims asked for.",
        "userinfo tells none of the standard claims but sub",
        forbidden_by=("auth0",),
        userinfo=_no_claims,
    ),
    telling(
        "userinfo.more_claims",
        "OpenID Connect Core §5.3.2",
        "Further claims than those of the standard can be returned.",
        "userinfo tells a claim of the server's own",
        userinfo=having(**{"https://server.example/tenant": {"name": "one"}}),
    ),
    telling(
        "resource.no_token_403",
        "RFC 6750 §3",
        "A request without a token is challenged; nothing is said of the status.",
        "a resource answers who shows no token with status 403 and a challenge",
        error=_forbidden,
    ),
    telling(
        "userinfo.refusals_without_a_body",
        "RFC 6750 §3",
        SAID,
        "a refusal of userinfo has no body",
        group="body of refusals",
        routes=_refusing(b"", ""),
    ),
    telling(
        "userinfo.refusals_as_pages",
        "RFC 6750 §3",
        SAID,
        "a refusal of userinfo has a page as its body",
        group="body of refusals",
        routes=_refusing(b"<!doctype html><h1>No</h1>", "text/html"),
    ),
)
