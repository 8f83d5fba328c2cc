"""Where a server is, and how many documents tell of it: RFC 8414 §3, RFC 6749 §3.1, §3.2."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from tokenspec.reference_server.alterations.liberties.model import Liberty, configured, telling
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.config import ServerConfig
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.routes import Route
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards import client_authentication
from tokenspec.reference_server.jwts import UnverifiedJwt
from tokenspec.reference_server.messages import Request

OPENID = "/.well-known/openid-configuration"
PLACES, QUERY = "metadata places", "?tenant=one"


def _oauth_alone(routes: dict[str, Route], core: Core) -> dict[str, Route]:
    place = urlsplit(core.endpoint("openid-configuration")).path
    return {path: route for path, route in routes.items() if path != place}


def _nowhere(routes: dict[str, Route], core: Core) -> dict[str, Route]:
    keys = urlsplit(core.endpoint("jwks")).path
    return {path: r for path, r in routes.items() if ".well-known" not in path or path == keys}


def _both_between(routes: dict[str, Route], core: Core) -> dict[str, Route]:
    """RFC 8414 §3.1 puts any well-known name between host and path."""
    place = urlsplit(core.endpoint("openid-configuration")).path
    return routes | {OPENID + urlsplit(core.config.issuer).path: routes[place]}


def _with_query(name: str) -> Any:
    member = f"{name}_endpoint"

    def alter(content: dict[str, Any], _request: Request) -> dict[str, Any]:
        return content | {member: content[member] + QUERY}

    return alter


def _audience_with_query(exchange: Exchange) -> None:
    """RFC 7523 §3: an assertion may be addressed to the token endpoint, as the metadata has it."""
    shown = UnverifiedJwt.read(exchange.get("client_assertion")).claims.get("aud")
    if shown != exchange.core.endpoint("token") + QUERY:
        client_authentication.assertion_audience.check(exchange)


def _with_path(config: ServerConfig) -> ServerConfig:
    return replace(config, issuer=f"{config.issuer}/tenants/one")


LIBERTIES: tuple[Liberty, ...] = (
    telling(
        "metadata.oauth_place_alone",
        "RFC 8414 §3",
        "The metadata is below the well-known name that is registered for it.",
        "the metadata is where RFC 8414 has it, and nowhere else",
        group=PLACES,
        routes=_oauth_alone,
    ),
    Liberty(
        "metadata.none",
        "RFC 6749 §3.2",
        "How a client learns where the endpoints are is beyond the scope of the specification.",
        Alteration(
            "metadata.none",
            "RFC 6749 §3.2",
            "no metadata is published",
            tells={"routes": _nowhere},
        ),
        group=PLACES,
        takes_away=True,
        forbidden_by=("fapi-2.0",),
        endpoints_named=True,
    ),
    telling(
        "metadata.at_a_third_place",
        "RFC 8414 §3",
        "The same metadata may be published at several well-known places.",
        "the metadata is at both ways to put the name of OpenID Connect beside a path",
        group=PLACES,
        routes=_both_between,
    ),
    configured(
        "issuer.with_a_path",
        "RFC 8414 §2",
        "An issuer is a URL without query and fragment; it may have a path.",
        "the issuer has a path, as where several share a host",
        _with_path,
    ),
    Liberty(
        "endpoint.token_with_query",
        "RFC 6749 §3.2",
        "The address of the token endpoint may include a query, which is retained.",
        Alteration(
            "endpoint.token_with_query",
            "RFC 6749 §3.2",
            "the address of the token endpoint has a query",
            {client_authentication.assertion_audience.name: _audience_with_query},
            {"metadata": _with_query("token")},
        ),
        forbidden_by=("fapi-2.0",),
    ),
    telling(
        "endpoint.authorization_with_query",
        "RFC 6749 §3.1",
        "The address of the authorization endpoint may include a query, which is retained.",
        "the address of the authorization endpoint has a query",
        metadata=_with_query("authorization"),
    ),
    telling(
        "endpoint.userinfo_with_query",
        "RFC 3986 §3.4",
        "The address of a resource may include a query.",
        "the address of userinfo has a query",
        metadata=_with_query("userinfo"),
    ),
)
