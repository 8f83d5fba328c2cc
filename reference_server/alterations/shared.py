"""What several kinds of alterations do: a fault here, documented or free to do there."""

from __future__ import annotations

import json
from typing import Any

from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.endpoints.claims import STANDARD, Told, namespaced
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guards import request as shape
from tokenspec.reference_server.messages import Request

Parameters = tuple[tuple[str, str], ...]


def json_counts(form: Parameters, request: Request) -> Parameters:
    """A JSON object in the body counts as a form."""
    try:
        content = json.loads(request.body)
    except (ValueError, RecursionError):
        return form
    if not isinstance(content, dict):
        return form
    return tuple((str(name), str(value)) for name, value in content.items())


def json_declared(exchange: Exchange) -> None:
    """A check that takes a body declared as JSON beside one declared as a form."""
    media_type = exchange.request.header("Content-Type").split(";")[0].strip().lower()
    if media_type != "application/json":
        shape.form_encoded.check(exchange)


def first_registered(address: str, request: Authorization) -> str:
    """Where no redirect_uri is named, the first one that is registered."""
    registered = request.client.redirect_uris if request.client else ()
    return address or (registered[0] if registered else "")


def bare_claims(told: dict[str, Any], about: Told) -> dict[str, Any]:
    """Custom claims are told whatever they are called."""
    bare = {n: v for n, v in about.known.items() if n not in STANDARD and not namespaced(n)}
    return told | bare
