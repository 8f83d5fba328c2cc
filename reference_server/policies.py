"""The switches of the server's policy by name: choices the specifications leave to it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from tokenspec.reference_server.config import ServerConfig
from tokenspec.reference_server.keys import FAPI_ALGORITHMS

OVERLAP = 30  # seconds
OWN_SCOPE = "read:orders"


@dataclass(frozen=True, slots=True)
class Switch:
    """A choice: what it is, and the configuration with it made."""

    summary: str
    turn: Callable[[ServerConfig], ServerConfig]


def with_policies(config: ServerConfig, names: Iterable[str]) -> ServerConfig:
    """`config` with these switches turned, in order.

    Raises:
        ValueError: a switch is not known.
    """
    for name in names:
        if name not in POLICIES:
            close = difflib.get_close_matches(name, POLICIES, n=1)
            known = f"did you mean {close[0]!r}?" if close else f"there is: {', '.join(POLICIES)}"
            raise ValueError(f"unknown policy {name!r}; {known}")
        config = POLICIES[name].turn(config)
    return config


def setting(**changes: Any) -> Callable[[ServerConfig], ServerConfig]:
    """The change of a configuration that sets these members of its policy."""
    return lambda config: replace(config, policy=replace(config.policy, **changes))


def _clients(*methods: str) -> Callable[[ServerConfig], ServerConfig]:
    """Keep the clients that authenticate by one of these methods."""

    def keep(config: ServerConfig) -> ServerConfig:
        kept = tuple(client for client in config.clients if client.auth_method in methods)
        return replace(config, clients=kept)

    return keep


CONFIDENTIAL = ("client_secret_basic", "client_secret_post", "private_key_jwt")
POLICIES: Mapping[str, Switch] = MappingProxyType(
    {
        "plain-pkce": Switch("the challenge method plain is offered", setting(plain_pkce=True)),
        "pkce-optional": Switch(
            "a code may be asked for without PKCE", setting(pkce_required=False)
        ),
        "dpop-nonce": Switch("every proof holds a nonce", setting(dpop_nonce=True)),
        "no-dpop-nonce": Switch("no proof holds a nonce", setting(dpop_nonce=False)),
        "dpop-required": Switch("no token without a proof", setting(dpop_required=True)),
        "par-required": Switch(
            "no authorization request is taken that was not pushed", setting(par_required=True)
        ),
        "request-objects": Switch(
            "an authorization request may come as a signed JWT", setting(request_objects=True)
        ),
        "no-rotation": Switch(
            "a refresh token is used again and again", setting(rotate_refresh_tokens=False)
        ),
        "rotation-overlap": Switch(
            f"a replaced refresh token works for {OVERLAP} more seconds",
            setting(rotation_overlap=OVERLAP),
        ),
        "refresh-always": Switch(
            "a refresh token with every code, the scope offline_access unknown",
            setting(refresh_requires_offline_access=False),
        ),
        "refresh-both": Switch(
            "a refresh token with every code, with and without the scope offline_access",
            setting(refresh_without_offline_access=True),
        ),
        "redirect-uri-once": Switch(
            "redirect_uri need not be sent to the token endpoint again",
            setting(redirect_uri_at_token=False),
        ),
        "issuer-audience": Switch(
            "client assertions are addressed to the issuer alone",
            setting(assertion_audience_issuer=True),
        ),
        "jwt-access-tokens": Switch(
            "every access token is a JWT, one for no API too", setting(jwt_access_tokens=True)
        ),
        "own-scope": Switch(
            f"the scope {OWN_SCOPE} beside those of OpenID Connect",
            lambda config: replace(config, scopes=(*config.scopes, OWN_SCOPE)),
        ),
        "confidential-only": Switch("every client authenticates", _clients(*CONFIDENTIAL)),
        "assertions-only": Switch(
            "every client authenticates by private_key_jwt", _clients("private_key_jwt")
        ),
        "fapi-algorithms": Switch(
            "PS256, ES256 and EdDSA alone",
            setting(client_algorithms=FAPI_ALGORITHMS, id_token_algorithm="PS256"),
        ),
    }
)
FAPI = (
    "assertions-only",
    "issuer-audience",
    "dpop-required",
    "par-required",
    "no-rotation",
    "fapi-algorithms",
)
