"""An authorization request in a JWT that the client signs: RFC 9101, OpenID Connect Core §6.

Its parameters stand beside it too, as OpenID Connect demands of some and RFC 9101 §5 permits of
all; what stands in the object counts (§6.3).
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from tokenspec.conformance.errors import HarnessError
from tokenspec.conformance.oauth.keys import base64url_decode, signing_key
from tokenspec.conformance.oauth.signed_jwt import Signers, make_jwt
from tokenspec.conformance.play.memory import Memory
from tokenspec.conformance.scenario.model import JwtChanges

LIFETIME = 300  # seconds
MEDIA_TYPE = "oauth-authz-req+jwt"  # RFC 9101 §10.8
NO_PARAMETERS = ("iss", "aud", "exp", "nbf", "iat", "jti", "request", "request_uri", "client_id")
Parameters = dict[str, tuple[Any, ...]]


def request_object(memory: Memory, valid: Parameters, changes: JwtChanges) -> str:
    """A signed JWT of the parameters of a valid request, as changed.

    Raises:
        HarnessError: the client has no key; `needs` should have seen to that.
    """
    client, now = memory.client, int(memory.side.clock())
    if client.private_key is None:
        raise HarnessError(f"client {client.client_id!r} has no private key")
    key = signing_key(client.private_key, changes.alg or client.algorithm, client.key_id)
    claims = {name: values[-1] for name, values in valid.items()} | {
        "iss": client.client_id,
        "aud": memory.side.issuer,
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME,
        "jti": memory.identifier(),
    }
    header = {"alg": key.algorithm, "typ": MEDIA_TYPE} | ({"kid": key.key_id} if key.key_id else {})
    signers = Signers(key, partial(memory.unregistered_key, key.algorithm), client.secret)
    return make_jwt(header, claims, changes, signers, memory)


def asked_by(made: str) -> Parameters:
    """The parameters that an object of ours asks for, as texts; none where it cannot be read."""
    try:
        claims = json.loads(base64url_decode(made.split(".")[1]))
    except ValueError:
        return {}
    asked = claims if isinstance(claims, dict) else {}
    return {name: (str(value),) for name, value in asked.items() if name not in NO_PARAMETERS}
