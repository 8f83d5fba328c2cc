"""Clients registered for one run (RFC 7591) and deleted after it (RFC 7592)."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tokenspec.conformance.errors import TargetUnusable, Unreachable
from tokenspec.conformance.http import Request, Response, Transport, origin
from tokenspec.conformance.oauth.keys import generate_key
from tokenspec.conformance.target.discovery import Discovered, discover
from tokenspec.conformance.target.model import (
    CLIENT_AUTH_METHODS,
    Client,
    ClientAuth,
    Registration,
    Target,
)
from tokenspec.conformance.texts import legible

CREATED, DELETED = (200, 201), (204, 200)  # RFC 7591 §3.2.1 has 201, RFC 7592 §2.3 has 204
JSON = ("Content-Type", "application/json")


@dataclass(frozen=True, slots=True)
class Registered:
    """A client as the server registered it, and how it is deleted."""

    client: Client
    management_url: str = ""
    management_token: str = field(default="", repr=False)


def register(target: Target, transport: Transport) -> tuple[Target, tuple[Registered, ...]]:
    """The target with newly registered clients after its own, and what was registered.

    Raises:
        TargetUnusable: the server registers nobody, or refused.
        Unreachable: no answer.
    """
    wanted = target.registration
    if wanted is None:
        return target, ()
    found = discover(target, transport)
    url = found.endpoints.registration
    if not url:
        raise TargetUnusable(
            "the server's metadata names no registration_endpoint",
            "list a client of yours under 'clients', or give endpoints.registration",
        )
    done: list[Registered] = []
    try:
        for number, method in enumerate(_methods(wanted, found), start=1):
            asked = _metadata(target.scope, wanted, method, number)
            done.append(_one(_Registrar(url, wanted, transport), method, asked))
    except BaseException:
        withdraw(done, transport, frozenset({origin(url)}))
        raise
    clients = (*target.clients, *(registered.client for registered in done))
    return replace(target, clients=clients), tuple(done)


def withdraw(
    registered: list[Registered] | tuple[Registered, ...],
    transport: Transport,
    allowed: frozenset[str],
) -> tuple[str, ...]:
    """Delete what was registered; says what is left, on standard error as well.

    Args:
        registered: what `register` gave.
        transport: sends the requests.
        allowed: origins that the registration tokens may be sent to.
    """
    left = []
    for one in registered:
        why = _delete(one, transport, allowed)
        if why:
            text = f"client {one.client.client_id} is still registered: {why}"
            left.append(text)
            sys.stderr.write(f"tokenspec: {text}\n")
    return tuple(left)


def _methods(wanted: Registration, found: Discovered) -> tuple[ClientAuth, ...]:
    """Those asked for that the metadata lists; RFC 8414 §2 has Basic where it lists none."""
    listed = found.metadata.get("token_endpoint_auth_methods_supported")
    if not isinstance(listed, list):
        return wanted.clients
    return tuple(method for method in wanted.clients if method in listed) or wanted.clients[:1]


@dataclass(frozen=True, slots=True)
class _Registrar:
    """Where clients are registered."""

    url: str
    wanted: Registration
    transport: Transport


def _metadata(scope: str, wanted: Registration, method: str, number: int) -> dict[str, Any]:
    """What is asked for one client (RFC 7591 §2)."""
    return {
        "client_name": f"tokenspec conformance test {number}",
        "redirect_uris": list(wanted.redirect_uris),
        "token_endpoint_auth_method": method,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "scope": scope,
    }


def _one(registrar: _Registrar, method: ClientAuth, asked: dict[str, Any]) -> Registered:
    key = generate_key() if method == "private_key_jwt" else None
    if key is not None:
        jwk = {**key.public_jwk, "use": "sig", "alg": key.algorithm}
        asked = asked | {"jwks": {"keys": [jwk]}}
    bearer = _bearer(registrar.wanted.initial_access_token)
    headers = (JSON, ("Accept", "application/json"), *bearer)
    request = Request("POST", registrar.url, headers, json.dumps(asked).encode())
    response = registrar.transport.send(request)
    answer = response.json_object() or {}
    client_id = answer.get("client_id")
    if response.status not in CREATED or not isinstance(client_id, str) or not client_id:
        raise _refused(method, response, answer)
    managed = (
        _text(answer, "registration_client_uri"),
        _text(answer, "registration_access_token"),
    )
    try:
        given = _as_registered(asked | answer)
    except TargetUnusable:
        unusable = Registered(Client(client_id), *managed)
        withdraw([unusable], registrar.transport, frozenset({origin(registrar.url)}))
        raise
    registered = Client(
        client_id=client_id,
        auth=given,
        secret=_text(answer, "client_secret") if given.startswith("client_secret") else "",
        private_key=key.private_key if key and given == "private_key_jwt" else None,
        redirect_uris=_texts(asked | answer, "redirect_uris"),
        grant_types=_texts(asked | answer, "grant_types"),
    )
    return Registered(registered, *managed)


def _as_registered(client: Mapping[str, Any]) -> ClientAuth:
    """How the client authenticates: the server may replace what was asked (RFC 7591 §3.2.1).

    Raises:
        TargetUnusable: in a way that cannot be tested.
    """
    named = client.get("token_endpoint_auth_method")
    usable = [m for m in CLIENT_AUTH_METHODS if m != "private_key_jwt" or "jwks" in client]
    for method in usable:
        if method == named:
            return method
    raise TargetUnusable(
        f"the server registered a client that authenticates by {legible(str(named)[:60])!r}, which "
        "was not asked for and cannot be used",
        f"ask for clients of other kinds:  registration: {{clients: [{usable[0]}]}}",
    )


def _refused(method: str, response: Response, answer: Mapping[str, Any]) -> TargetUnusable:
    error, described = _text(answer, "error"), _text(answer, "error_description")
    refusal = f"{response.status} {error} {described[:200]}".strip()
    hint = "list a client of yours under 'clients' instead; or, if the server asks for an initial "
    hint += "access token, give registration.initial_access_token"
    return TargetUnusable(
        f"the server did not register a client with auth {method}: {refusal}", hint
    )


def _delete(one: Registered, transport: Transport, allowed: frozenset[str]) -> str:
    """Delete a client (RFC 7592 §2.3); why it could not be, empty where it was."""
    url = one.management_url
    if not (url and one.management_token):
        return "the server gave no registration_client_uri (RFC 7592 §3)"
    try:
        if origin(url) not in allowed:
            return f"its registration_client_uri is at {origin(url)}, another host"
        response = transport.send(Request("DELETE", url, _bearer(one.management_token)))
    except (Unreachable, ValueError) as error:
        return str(error)
    return "" if response.status in DELETED else f"its deletion was answered {response.status}"


def _bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("Authorization", f"Bearer {token}"),) if token else ()


def _texts(client: Mapping[str, Any], name: str) -> tuple[str, ...]:
    listed = client.get(name)
    return (
        tuple(item for item in listed if isinstance(item, str)) if isinstance(listed, list) else ()
    )


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    return value if isinstance(value, str) else ""
