"""The JWTs of an exchange, decoded: what a finding is about, without what makes them work.

Signatures are left out, secret members replaced. An encrypted token shows its header alone.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

from tokenspec.conformance.http import Request, Response, read_json
from tokenspec.conformance.oauth.keys import base64url_decode
from tokenspec.conformance.record.redaction import Redactor

ISSUED = ("id_token", "access_token")
SHOWN = "client_assertion"
BODY = "body"  # an answer that is a JWT itself, as userinfo and introspection may give
JWT_BEGINS = b"eyJ"  # the header of a JWT is a JSON object
SIGNED = 3  # parts


def proof(request: Request, redactor: Redactor) -> dict[str, Any]:
    """Header and claims of the DPoP proof; empty where there is none that can be read."""
    return _jwt(request.header("DPoP") or "", redactor)


def tokens(request: Request, response: Response | None, redactor: Redactor) -> dict[str, Any]:
    """By name, header and claims of each JWT that was shown or issued."""
    found = (*_shown(request), *(_issued(response) if response else ()))
    read = {name: _jwt(text, redactor) for name, text in found}
    return {name: jwt for name, jwt in read.items() if jwt}


def _shown(request: Request) -> Iterator[tuple[str, str]]:
    if SHOWN.encode() in request.body:
        for text in parse_qs(request.body.decode("utf-8", "replace")).get(SHOWN, ())[:1]:
            yield SHOWN, text


def _issued(response: Response) -> Iterator[tuple[str, str]]:
    if JWT_BEGINS not in response.body:
        return
    if response.body.startswith(JWT_BEGINS):
        yield BODY, response.body.decode("utf-8", "replace")
        return
    try:
        value = read_json(response.body)
    except ValueError:
        return
    for name in ISSUED:
        text = value.get(name) if isinstance(value, dict) else None
        if isinstance(text, str):
            yield name, text


def _jwt(text: str, redactor: Redactor) -> dict[str, Any]:
    parts = text.strip().split(".")
    if len(parts) < SIGNED:
        return {}
    try:
        header = read_json(base64url_decode(parts[0]))
        claims = read_json(base64url_decode(parts[1])) if len(parts) == SIGNED else None
    except (ValueError, binascii.Error):
        return {}
    shown = {"header": redactor.members(header)}
    return shown if claims is None else shown | {"claims": redactor.members(claims)}
