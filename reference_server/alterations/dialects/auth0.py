"""What Auth0 does otherwise, as far as it is more than the wording of a refusal.

Sources and confidence of each are in `auth0.yaml`, under the same names.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from tokenspec.reference_server.addresses import normal_address
from tokenspec.reference_server.alterations.building import having, lacking
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.alterations.shared import (
    bare_claims,
    first_registered,
    json_counts,
    json_declared,
)
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.answers import json_answer
from tokenspec.reference_server.endpoints.claims import Told
from tokenspec.reference_server.endpoints.managing import Ends, Managed
from tokenspec.reference_server.endpoints.routes import Route
from tokenspec.reference_server.errors import invalid_grant
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards import request as shape
from tokenspec.reference_server.messages import Headers, Refusal, Request, Response
from tokenspec.reference_server.policies import setting

MINUTE, PER_MINUTE, TOO_MANY = 60, 10, 429
UPDATED_AT = "2026-01-31T12:00:00.000Z"  # as a text, where OpenID Connect Core §5.1 has a number


def _nonce_for_public(demanded: bool, exchange: Exchange) -> bool:  # noqa: FBT001 - a seam's value
    return demanded or (exchange.client is not None and exchange.public)


def _same_origin(exchange: Exchange) -> None:
    code, shown = exchange.code, exchange.get("redirect_uri")
    if code and shown and _origin(shown) != _origin(code.redirect_uri):
        raise invalid_grant("another redirect_uri")


def _origin(address: str) -> str:
    """Scheme, host and port; the whole text where it is not a web address."""
    return "|".join(normal_address(address)[:3]) or address


def _refresh_tokens_alone(ends: Ends, about: Managed) -> Ends:
    access = about.token is not None and about.token.kind == "access"
    return Ends.NOTHING if access or ends is Ends.NOTHING else Ends.TOKEN


def _updated_at(told: dict[str, Any], about: Told) -> dict[str, Any]:
    return told | ({"updated_at": UPDATED_AT} if "updated_at" in about.asked else {})


def _own_profile(claims: dict[str, Any], _about: object) -> dict[str, Any]:
    kept = {name: value for name, value in claims.items() if name not in {"client_id", "jti"}}
    return kept | {"azp": claims["client_id"]}


class _Minute:
    """Counts the requests of a minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute, self._asked = 0, 0

    def too_many(self, now: float) -> bool:
        """Whether the minute has had its share of requests, this one counted."""
        with self._lock:
            if int(now) // MINUTE != self._minute:
                self._minute, self._asked = int(now) // MINUTE, 0
            self._asked += 1
            return self._asked > PER_MINUTE


def _limited(core: Core, answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
    minute = _Minute()

    def limited(request: Request) -> Response:
        now = core.now()
        return _slow_down(core, now) if minute.too_many(now) else answer(request)

    return limited


def _slow_down(core: Core, now: float) -> Response:
    reset = (int(now) // MINUTE + 1) * MINUTE
    headers: Headers = (
        ("X-RateLimit-Limit", str(PER_MINUTE)),
        ("X-RateLimit-Remaining", "0"),
        ("X-RateLimit-Reset", str(reset)),
        ("Retry-After", str(reset - int(now))),
    )
    refusal = Refusal("token.rate", "", "too many requests in a minute")
    body = {"error": "too_many_requests", "error_description": "Rate limit exceeded."}
    return json_answer(core, TOO_MANY, body, headers, refusal)


def _rate_limit(routes: dict[str, Route], core: Core) -> dict[str, Route]:
    path = urlsplit(core.endpoint("token")).path
    token = routes[path]
    return routes | {path: replace(token, answer=_limited(core, token.answer))}


ALL = (
    Alteration(
        "json_bodies",
        "RFC6749-4.1.3-json_body",
        "a token request may be JSON",
        {shape.form_encoded.name: json_declared},
        {"parameters": json_counts},
    ),
    Alteration(
        "nonce_for_public_clients",
        "RFC9449-8-nonce_optional",
        "the proof of a public client holds a nonce, that of a confidential one need not",
        tells={"nonce_demanded": _nonce_for_public},
    ),
    Alteration(
        "plain_offered",
        "RFC7636-4.3-method_default_plain",
        "the challenge method plain is offered",
        configures=setting(plain_pkce=True),
    ),
    Alteration(
        "redirect_uri_first",
        "OAUTH21-2.3.2-redirect_uri_needed_if_many",
        "without redirect_uri the first registered one is taken",
        tells={"destination": first_registered},
    ),
    Alteration(
        "redirect_uri_origin",
        "RFC6749-4.1.3-redirect_uri_identical",
        "the token endpoint compares the origin of redirect_uri alone",
        {"redirect_uri.same": _same_origin},
    ),
    Alteration(
        "no_iss_parameter",
        "RFC9207-2-iss_in_success",
        "an authorization response does not name its issuer",
        tells={
            "authorization_response": lacking("iss"),
            "metadata": having(authorization_response_iss_parameter_supported=False),
        },
    ),
    Alteration(
        "access_tokens_outlive_revocation",
        "RFC7009-2.1-refresh_cascades",
        "only refresh tokens can be revoked",
        tells={"ends": _refresh_tokens_alone},
    ),
    Alteration(
        "bare_custom_claims",
        "AUTH0-Remarks-namespaced_custom_claims",
        "a custom claim without a namespace is told as well",
        tells={"user_claims": bare_claims},
    ),
    Alteration(
        "updated_at_text",
        "OIDCC-5.1-claim_types",
        "the claim updated_at is a text",
        tells={"user_claims": _updated_at},
    ),
    Alteration(
        "access_token_profile",
        "RFC9068-2.2-claim_client_id",
        "a JWT access token has typ JWT and azp, and neither client_id nor jti",
        tells={"access_token": _own_profile, "access_token_header": having(typ="JWT")},
    ),
    Alteration(
        "rate_limit",
        "",
        "more than ten token requests in a minute are answered with 429",
        tells={"routes": _rate_limit},
    ),
)
DONE: Mapping[str, Alteration] = MappingProxyType({item.name: item for item in ALL})
