"""The valid request of every kind of step, as parameters: what changes are applied to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from tokenspec.conformance.http import Headers
from tokenspec.conformance.play.memory import Memory, MissingValue
from tokenspec.conformance.play.request_objects import asked_by, request_object
from tokenspec.conformance.scenario.edits import InapplicableError
from tokenspec.conformance.scenario.model import (
    AT_TOKEN_ENDPOINT,
    Change,
    Changes,
    HttpChanges,
    JwtChanges,
    StepKind,
)
from tokenspec.conformance.scenario.operators import apply

Parameters = dict[str, tuple[Any, ...]]
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
BOUNDARY = "tokenspec-boundary"
ESCAPED = re.compile("%[0-9A-F]{2}")
AS_TEXT = "bytes travel in a form, in parts or in a query; elsewhere write a text"
OFFLINE = "offline_access"
REFERRING = ("client_id", "request_uri")
CREDENTIALS = ("client_secret", "client_assertion", "client_assertion_type")


def authorize(memory: Memory) -> Parameters:
    """What the client asks for; RFC 9126 §4: where that was pushed, by reference to it."""
    if any(name.split("-")[0] == StepKind.PUSH for name in memory.received):
        request_uri = memory.latest((StepKind.PUSH,), "request_uri")
        return {"client_id": (memory.client.client_id,), "request_uri": (request_uri,)}
    return asked_for(memory)


def asked_for(memory: Memory) -> Parameters:
    """RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1."""
    target, proof_key = memory.side.target, memory.proof_key
    client = memory.client
    wanted = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uris[0] if client.redirect_uris else "",
        "scope": scope_of(target.scope, other_kind=memory.setting.other_kind),
        "state": memory.identifier(),
        "nonce": memory.identifier() if "openid" in target.scope.split() else "",
        "code_challenge": proof_key.code_challenge,
        "code_challenge_method": proof_key.code_challenge_method,
        **target.authorize,
    }
    return {name: (value,) for name, value in wanted.items() if value}


def authorization(memory: Memory, changes: Changes) -> tuple[Parameters, Parameters, Parameters]:
    """An authorization request as it is written; and what it asks for, so changed and as is valid.

    The answer follows what is asked for: where it goes, and what it has to hold.
    """
    valid = authorize(memory)
    written = changed(valid, changes, memory)
    if memory.setting.request_object:
        made = request_object(memory, valid, changes.request_object or JwtChanges())
        written = {**written, "request": (made,)}
        return written, {**written, **asked_by(made)}, valid
    return written, with_pushed(written, memory), with_pushed(valid, memory)


def with_pushed(parameters: Parameters, memory: Memory) -> Parameters:
    """What an authorization request asks for: beside its own parameters those that it refers to.

    RFC 9101 §6.3: what was pushed counts, and not what stands beside the reference.
    """
    if "request_uri" not in parameters:
        return parameters
    try:
        giver = memory.latest_giver((StepKind.PUSH,), "request_uri")
    except MissingValue:
        return parameters
    pushed = {name: (value,) for name, value in memory.sent[giver].items()}
    referring = {name: parameters[name] for name in REFERRING if name in parameters}
    own = {name: values for name, values in pushed.items() if name not in CREDENTIALS}
    return {**parameters, **own, **referring}


def scope_of(scope: str, *, other_kind: bool) -> str:
    """`scope` as it is, or with offline_access left out where it is in it, added where it is not.

    OpenID Connect Core §11: whether it is granted decides what kind of refresh token comes, and
    servers keep the two kinds in different places.
    """
    words = scope.split()
    if not other_kind:
        return scope
    if OFFLINE in words:
        return " ".join(word for word in words if word != OFFLINE)
    return " ".join((*words, OFFLINE))


def token(memory: Memory) -> Parameters:
    """RFC 6749 §4.1.3, RFC 7636 §4.5: redirect_uri only where the authorization request had it."""
    giver = memory.latest_giver((StepKind.AUTHORIZE,), "code")
    wanted: Parameters = {
        "grant_type": ("authorization_code",),
        "code": (str(memory.received[giver]["code"]),),
    }
    if redirect_uri := memory.sent[giver].get("redirect_uri"):
        wanted["redirect_uri"] = (str(redirect_uri),)
    if memory.proof_key.code_verifier:
        wanted["code_verifier"] = (memory.proof_key.code_verifier,)
    return wanted


def refresh(memory: Memory) -> Parameters:
    """RFC 6749 §6."""
    return {
        "grant_type": ("refresh_token",),
        "refresh_token": (memory.latest(AT_TOKEN_ENDPOINT, "refresh_token"),),
    }


def opening(memory: Memory) -> Parameters:
    """RFC 6750 §2.1: the access token, which goes into the Authorization header."""
    return {"access_token": (memory.latest(AT_TOKEN_ENDPOINT, "access_token"),)}


def shown_token(memory: Memory) -> Parameters:
    """RFC 7009 §2.1, RFC 7662 §2.1: the token asked about."""
    return {"token": (memory.latest(AT_TOKEN_ENDPOINT, "access_token"),)}


def logout(memory: Memory) -> Parameters:
    """OpenID Connect RP-Initiated Logout 1.0 §2: the user that the newest ID token names."""
    return {"id_token_hint": (memory.latest(AT_TOKEN_ENDPOINT, "id_token"),)}


def nothing(_memory: Memory) -> Parameters:
    """A document is fetched without parameters."""
    return {}


VALID: dict[StepKind, Callable[[Memory], Parameters]] = {
    StepKind.AUTHORIZE: authorize,
    StepKind.PAGE: authorize,
    StepKind.PUSH: asked_for,
    StepKind.TOKEN: token,
    StepKind.REFRESH: refresh,
    StepKind.USERINFO: opening,
    StepKind.RESOURCE: opening,
    StepKind.REVOKE: shown_token,
    StepKind.INTROSPECT: shown_token,
    StepKind.LOGOUT: logout,
    StepKind.METADATA: nothing,
    StepKind.JWKS: nothing,
}


def endpoint(memory: Memory, kind: StepKind) -> str:
    """The URL a step goes to.

    Raises:
        MissingValue: the server has no such endpoint.
    """
    endpoints = memory.side.endpoints
    url = {
        StepKind.AUTHORIZE: endpoints.authorization,
        StepKind.PAGE: endpoints.authorization,
        StepKind.PUSH: endpoints.par,
        StepKind.TOKEN: endpoints.token,
        StepKind.REFRESH: endpoints.token,
        StepKind.USERINFO: endpoints.userinfo,
        StepKind.RESOURCE: endpoints.resource,
        StepKind.REVOKE: endpoints.revocation,
        StepKind.INTROSPECT: endpoints.introspection,
        StepKind.LOGOUT: endpoints.logout,
        StepKind.METADATA: memory.side.metadata_url,
        StepKind.JWKS: endpoints.jwks,
    }[kind]
    if not url:
        raise MissingValue(f"the server has no {kind} endpoint")
    return url


def changed(valid: Parameters, changes: Changes, memory: Memory) -> Parameters:
    """The parameters as sent; one whose change gives nothing is left out."""
    sent = dict(valid)
    for name, change in changes.parameters.items():
        sent[name] = apply(change, valid.get(name, ()), memory)
    return {name: values for name, values in sent.items() if values}


def changed_headers(valid: Headers, changes: Mapping[str, Change], memory: Memory) -> Headers:
    """The headers as sent, each name's values changed together."""
    headers = list(valid)
    for name, change in changes.items():
        before = tuple(value for key, value in valid if key.lower() == name.lower())
        headers = [pair for pair in headers if pair[0].lower() != name.lower()]
        headers += [(name, in_a_header(value)) for value in apply(change, before, memory)]
    return tuple(headers)


def in_a_header(value: Any) -> str:
    """A value as it stands in a header.

    Raises:
        InapplicableError: it is raw bytes.
    """
    if isinstance(value, bytes):
        raise InapplicableError("raw bytes do not go into a header", hint=AS_TEXT)
    return str(value)


def pairs(parameters: Parameters) -> list[tuple[str, Any]]:
    """Every parameter with each of its values."""
    return [(name, value) for name, values in parameters.items() for value in values]


def carry(parameters: Parameters, how: HttpChanges) -> tuple[str, str, bytes]:
    """How parameters travel: the query to add, the content type, the body."""
    encoded = urlencode(pairs(parameters))
    if how.encoding == "query":
        return encoded, how.content_type or FORM, b""
    if how.encoding == "json":
        return "", how.content_type or JSON, _json(parameters)
    if how.encoding == "multipart":
        return (
            "",
            how.content_type or f"multipart/form-data; boundary={BOUNDARY}",
            _parts(parameters),
        )
    if how.encoding == "form-lower-case":
        encoded = ESCAPED.sub(lambda found: found[0].lower(), encoded.replace("+", "%20"))
    return "", how.content_type or FORM, encoded.encode()


def _parts(parameters: Parameters) -> bytes:
    """RFC 7578 §4."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        + (value if isinstance(value, bytes) else str(value).encode())
        for name, value in pairs(parameters)
    ]
    return b"\r\n".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


def _json(parameters: Parameters) -> bytes:
    """RFC 8259: text alone, and the last value of a parameter."""
    last = {name: values[-1] for name, values in parameters.items()}
    for name, value in last.items():
        if isinstance(value, bytes):
            raise InapplicableError(
                f"{name} is raw bytes, which a JSON body cannot hold",
                hint=AS_TEXT,
            )
    return json.dumps(last).encode()
