"""Clients registered for one run (RFC 7591) and deleted after it (RFC 7592)."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tokenspec.conformance.errors import TargetUnusable, Unreachable
from tokenspec.conformance.http import Request, Response, Transport, origin
from tokenspec.conformance.oauth.keys import SigningKey, generate_key
from tokenspec.conformance.target.discovery import Discovered, discover
from tokenspec.conformance.target.model import (
    CLIENT_AUTH_METHODS,
    Client,
    ClientAuth,
    Registration,
    Target,
)
from tokenspec.conformance.texts import legible, shortened

CREATED, DELETED = (200, 201), (204, 200)  # RFC 7591 §3.2.1 has 201, RFC 7592 §2.3 has 204
JSON = ("Content-Type", "application/json")
UNAUTHORIZED = 401


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
        registrar = _Registrar(url, wanted, transport)
        methods = _methods(wanted, found)
        for number, method in enumerate(methods, start=1):
            try:
                done.append(_by_scopes(registrar, target.scope, method, number))
            except TargetUnusable as error:
                if method != "none" or len(set(methods)) == 1:
                    raise
                sys.stderr.write(f"tokenspec: left out: {error.message}\n")
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
    """Those asked for that the metadata lists; RFC 8414 §2 has Basic where it lists none.

    Public clients are asked for even so: they do not authenticate, and many lists leave `none` out.
    """
    listed = found.metadata.get("token_endpoint_auth_methods_supported")
    if not isinstance(listed, list):
        return wanted.clients
    return tuple(m for m in wanted.clients if m in listed or m == "none") or wanted.clients[:1]


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
    } | ({"scope": scope} if scope else {})


def _by_scopes(registrar: _Registrar, scope: str, method: ClientAuth, number: int) -> Registered:
    """With the scope of the target file; where that is refused, without openid, then without any.

    `openid` need not be a scope of a client's own, and servers may leave a scope to themselves
    (RFC 7591 §2: MAY).

    Raises:
        TargetUnusable: refused in each way, with the first answer.
    """
    key = generate_key() if method == "private_key_jwt" else None
    bare = " ".join(word for word in scope.split() if word != "openid")
    refusals = []
    for wanted in dict.fromkeys((scope, bare, "")):
        asked = _metadata(wanted, registrar.wanted, method, number) | _keys(key)
        response = _ask(registrar, asked)
        answer = response.json_object() or {}
        if response.status in CREATED and _text(answer, "client_id"):
            return _taken(registrar, asked, answer, key)
        refusals.append(_refused(method, response, answer))
        if response.status == UNAUTHORIZED:  # it is not the metadata that is wrong
            break
    raise refusals[0]


def _keys(key: SigningKey | None) -> dict[str, Any]:
    """The key set of a client that signs (RFC 7591 §2)."""
    if key is None:
        return {}
    return {"jwks": {"keys": [{**key.public_jwk, "use": "sig", "alg": key.algorithm}]}}


def _ask(registrar: _Registrar, asked: Mapping[str, Any]) -> Response:
    bearer = _bearer(registrar.wanted.initial_access_token)
    headers = (JSON, ("Accept", "application/json"), *bearer)
    request = Request("POST", registrar.url, headers, json.dumps(asked).encode())
    return registrar.transport.send(request)


def _taken(
    registrar: _Registrar,
    asked: Mapping[str, Any],
    answer: Mapping[str, Any],
    key: SigningKey | None,
) -> Registered:
    """The client as the answer has it, which governs (RFC 7591 §3.2.1)."""
    client_id = _text(answer, "client_id")
    managed = (
        _text(answer, "registration_client_uri"),
        _text(answer, "registration_access_token"),
    )
    try:
        given = _as_registered({**asked, **answer})
    except TargetUnusable:
        unusable = Registered(Client(client_id), *managed)
        withdraw([unusable], registrar.transport, frozenset({origin(registrar.url)}))
        raise
    registered = Client(
        client_id=client_id,
        auth=given,
        secret=_text(answer, "client_secret") if given.startswith("client_secret") else "",
        private_key=key.private_key if key and given == "private_key_jwt" else None,
        redirect_uris=_texts({**asked, **answer}, "redirect_uris"),
        grant_types=_texts({**asked, **answer}, "grant_types"),
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
    refusal = f"{response.status} {error} {shortened(described)}".strip()
    hint = "list a client of yours under 'clients' instead; or, if the server asks for an initial "
    hint += "access token, give registration.initial_access_token"
    text = f"the server did not register a client with auth {method}: {refusal}"
    return TargetUnusable(text, hint)


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
